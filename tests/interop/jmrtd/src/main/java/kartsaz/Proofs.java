// SPDX-License-Identifier: Apache-2.0
package kartsaz;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.bouncycastle.crypto.digests.SHA1Digest;
import org.bouncycastle.crypto.engines.RSAEngine;
import org.bouncycastle.crypto.params.RSAKeyParameters;
import org.bouncycastle.crypto.signers.ISO9796d2Signer;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.jmrtd.lds.ActiveAuthenticationInfo;
import org.jmrtd.lds.SODFile;
import org.jmrtd.lds.icao.DG14File;
import org.jmrtd.lds.icao.DG15File;

/** Passive and Active Authentication over what was read. Source: ICAO Doc 9303-11, 5.1 and 6.1. */
final class Proofs {
    private static final BouncyCastleProvider BC = new BouncyCastleProvider();

    private Proofs() {}

    /** Every data group read has the hash that EF.SOD gives it, and EF.SOD hashes each one of EF.COM. */
    static String hashes(Chip chip, SODFile sod) throws Exception {
        Map<Integer, byte[]> hashes = sod.getDataGroupHashes();
        StringBuilder seen = new StringBuilder();
        int compared = 0;
        for (Map.Entry<String, byte[]> file : chip.files.entrySet()) {
            if (!file.getKey().startsWith("DG")) {
                continue;
            }
            int number = Integer.parseInt(file.getKey().substring(2));
            if (!hashes.containsKey(number)) {
                throw new Steps.Failed("EF.SOD has no hash of " + file.getKey());
            }
            byte[] digest = MessageDigest.getInstance(sod.getDigestAlgorithm()).digest(file.getValue());
            Steps.equal(file.getKey() + " " + sod.getDigestAlgorithm(), digest, hashes.get(number));
            seen.append(' ').append(file.getKey());
            ++compared;
        }
        if (compared == 0) {
            throw new Steps.Failed("no data group was read");
        }
        return sod.getDigestAlgorithm() + " of" + seen + (chip.refused.isEmpty() ? "" : "; not readable: " + chip.refused.keySet());
    }

    /** The document signer's signature over the signed attributes, whose digest JMRTD compares. */
    static String signature(SODFile sod) throws Exception {
        X509Certificate signer = sod.getDocSigningCertificate();
        Signature signature = Signature.getInstance(sod.getDigestEncryptionAlgorithm(), BC);
        signature.initVerify(signer.getPublicKey());
        signature.update(sod.getEContent());
        if (!signature.verify(sod.getEncryptedDigest())) {
            throw new Steps.Failed("the signature does not verify");
        }
        return sod.getDigestEncryptionAlgorithm() + " by " + signer.getSubjectX500Principal();
    }

    /** The document signer's certificate leads to the trusted country signer. */
    static String chain(SODFile sod, Path csca) throws Exception {
        X509Certificate anchor;
        try (InputStream in = Files.newInputStream(csca)) {
            anchor = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
        PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(anchor, null)));
        parameters.setRevocationEnabled(false);
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        X509Certificate signer = (X509Certificate) factory.generateCertificate(
                new ByteArrayInputStream(sod.getDocSigningCertificate().getEncoded()));
        CertPathValidator.getInstance("PKIX").validate(factory.generateCertPath(List.of(signer)), parameters);
        return "to " + anchor.getSubjectX500Principal();
    }

    /** A fresh challenge is answered by the private key of DG15. */
    static String activeAuthentication(Chip chip) throws Exception {
        PublicKey key = new DG15File(new ByteArrayInputStream(chip.file("DG15"))).getPublicKey();
        byte[] challenge = new byte[8];
        new SecureRandom().nextBytes(challenge);
        boolean rsa = key instanceof RSAPublicKey;
        String algorithm = rsa ? "SHA1WithRSA/ISO9796-2" : ecAlgorithm(chip);
        byte[] answer = chip.service().doAA(key, rsa ? "SHA-1" : "SHA-256", algorithm, challenge).getResponse();
        boolean right = rsa ? rsaAnswer((RSAPublicKey) key, challenge, answer) : ecAnswer(key, algorithm, challenge, answer);
        if (!right) {
            throw new Steps.Failed("the answer is not by the key of DG15 (" + algorithm + ")");
        }
        ++challenge[0];
        if (rsa ? rsaAnswer((RSAPublicKey) key, challenge, answer) : ecAnswer(key, algorithm, challenge, answer)) {
            throw new Steps.Failed("the answer verifies for another challenge too");
        }
        return algorithm + ", " + answer.length + " bytes";
    }

    private static String ecAlgorithm(Chip chip) throws Exception {
        List<ActiveAuthenticationInfo> infos =
                new DG14File(new ByteArrayInputStream(chip.file("DG14"))).getActiveAuthenticationInfos();
        if (infos.isEmpty()) {
            throw new Steps.Failed("DG15 has an EC key, but DG14 names no algorithm for it");
        }
        return ActiveAuthenticationInfo.lookupMnemonicByOID(infos.get(0).getSignatureAlgorithmOID());
    }

    private static boolean ecAnswer(PublicKey key, String algorithm, byte[] challenge, byte[] answer) throws Exception {
        // JMRTD names the hash; the answer itself is the plain form r || s (9303-11, 6.1.2)
        String hash = algorithm.substring(0, algorithm.toUpperCase(java.util.Locale.ROOT).indexOf("WITH"));
        Signature signature = Signature.getInstance(hash + "WITHPLAIN-ECDSA", BC);
        signature.initVerify(key);
        signature.update(challenge);
        return signature.verify(answer);
    }

    private static boolean rsaAnswer(RSAPublicKey key, byte[] challenge, byte[] answer) {
        try {
            ISO9796d2Signer signer = new ISO9796d2Signer(new RSAEngine(), new SHA1Digest(), true);
            signer.init(false, new RSAKeyParameters(false, key.getModulus(), key.getPublicExponent()));
            signer.updateWithRecoveredMessage(answer);
            signer.update(challenge, 0, challenge.length);
            return signer.verifySignature(answer);
        } catch (Exception malformed) {
            return false;
        }
    }
}
