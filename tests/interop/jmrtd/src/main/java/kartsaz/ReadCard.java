// SPDX-License-Identifier: Apache-2.0
package kartsaz;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;

import org.jmrtd.BACKey;
import org.jmrtd.lds.SODFile;
import org.jmrtd.lds.icao.COMFile;
import org.jmrtd.lds.icao.DG11File;
import org.jmrtd.lds.icao.DG12File;
import org.jmrtd.lds.icao.DG1File;
import org.jmrtd.lds.icao.DG2File;
import org.jmrtd.lds.icao.MRZInfo;
import org.jmrtd.lds.iso19794.FaceImageInfo;

/**
 * Reads a personalized card as a border control would, by BAC and again by PACE, and compares it with what the
 * record says. The one argument is a properties file (UTF-8): reader, document, birth, expiry (YYMMDD, as
 * printed in the MRZ), surname, given, national_id, postal_code, photo (file), csca (PEM file), pace (yes/no).
 * Exit status 0 only when every step is right.
 */
public final class ReadCard {
    private final Properties expected;

    private ReadCard(Properties expected) {
        this.expected = expected;
    }

    public static void main(String[] arguments) throws Exception {
        Properties expected = new Properties();
        try (Reader in = Files.newBufferedReader(Path.of(arguments[0]), StandardCharsets.UTF_8)) {
            expected.load(in);
        }
        ReadCard program = new ReadCard(expected);
        Map<String, byte[]> first = program.session("BAC");
        int failed = program.failed;
        if (expected.getProperty("pace").equals("yes")) {
            Map<String, byte[]> second = program.session("PACE");
            Steps both = new Steps("");
            both.step("BAC and PACE give the same bytes", () -> {
                if (first.isEmpty()) {
                    throw new Steps.Failed("nothing was read");
                }
                Steps.equal("the list of files", second.keySet(), first.keySet());
                for (Map.Entry<String, byte[]> file : first.entrySet()) {
                    Steps.equal(file.getKey(), second.get(file.getKey()), file.getValue());
                }
                return first.size() + " files";
            });
            failed = program.failed + both.failed();
        }
        Steps.say(failed == 0 ? "JMRTD: all steps right" : "JMRTD: " + failed + " steps wrong");
        System.exit(failed == 0 ? 0 : 1);
    }

    private int failed;

    private Map<String, byte[]> session(String access) throws Exception {
        BACKey key = new BACKey(text("document"), text("birth"), text("expiry"));
        Steps steps = new Steps(access + ": ");
        Chip[] opened = new Chip[1];
        steps.step("opens", () -> {
            opened[0] = access.equals("BAC") ? Chip.byBac(text("reader"), key) : Chip.byPace(text("reader"), key);
            return "secure messaging by " + opened[0].service().getWrapper().getClass().getSimpleName();
        });
        if (opened[0] == null) {
            failed += steps.failed();
            return Map.of();
        }
        try (Chip chip = opened[0]) {
            steps.step("reads", () -> {
                chip.readAll();
                for (String name : List.of("EF.COM", "EF.SOD", "DG1", "DG2", "DG11", "DG12", "DG15")) {
                    chip.file(name);
                }
                return chip.files.keySet() + (chip.refused.isEmpty() ? "" : ", refused: " + chip.refused);
            });
            content(steps, chip);
            SODFile sod = new SODFile(open(chip, "EF.SOD"));
            steps.step("passive authentication, hashes", () -> Proofs.hashes(chip, sod));
            steps.step("passive authentication, signature", () -> Proofs.signature(sod));
            steps.step("passive authentication, chain", () -> Proofs.chain(sod, Path.of(text("csca"))));
            steps.step("Active Authentication", () -> Proofs.activeAuthentication(chip));
            return chip.files;
        } finally {
            failed += steps.failed();
        }
    }

    private void content(Steps steps, Chip chip) {
        steps.step("EF.COM", () -> {
            COMFile com = new COMFile(open(chip, "EF.COM"));
            return "LDS " + com.getLDSVersion() + ", Unicode " + com.getUnicodeVersion();
        });
        steps.step("DG1 (MRZ)", () -> {
            MRZInfo mrz = new DG1File(open(chip, "DG1")).getMRZInfo();
            Steps.equal("document number", mrz.getDocumentNumber().replace("<", ""), text("document"));
            Steps.equal("birth date", mrz.getDateOfBirth(), text("birth"));
            Steps.equal("expiry date", mrz.getDateOfExpiry(), text("expiry"));
            return mrz.getIssuingState() + ", " + mrz.getPrimaryIdentifier() + ", " + mrz.getSecondaryIdentifier();
        });
        steps.step("DG2 (photo)", () -> {
            FaceImageInfo face =
                    new DG2File(open(chip, "DG2")).getFaceInfos().get(0).getFaceImageInfos().get(0);
            try (InputStream image = face.getImageInputStream()) {
                byte[] bytes = image.readAllBytes();
                Steps.equal("photo", bytes, Files.readAllBytes(Path.of(text("photo"))));
                return face.getMimeType() + ", " + face.getWidth() + " x " + face.getHeight() + ", "
                        + bytes.length + " bytes, equal to the record's";
            }
        });
        steps.step("DG11 (Persian names)", () -> {
            DG11File details = new DG11File(open(chip, "DG11"));
            String[] name = details.getNameOfHolder().split("<<");
            Steps.equal("surname", name[0].replace('<', ' '), text("surname"));
            Steps.equal("given names", name[1].replace('<', ' '), text("given"));
            Steps.equal("national ID", details.getPersonalNumber(), text("national_id"));
            if (!details.getPermanentAddress().contains(text("postal_code"))) {
                throw new Steps.Failed("the address has no postal code equal to the record's");
            }
            return "names, national ID and postal code equal to the record's";
        });
        steps.step("DG12 (document)", () -> {
            DG12File document = new DG12File(open(chip, "DG12"));
            return "issued " + document.getDateOfIssue() + " by " + document.getIssuingAuthority();
        });
    }

    private static InputStream open(Chip chip, String file) {
        return new ByteArrayInputStream(chip.file(file));
    }

    private String text(String key) {
        String value = expected.getProperty(key);
        if (value == null) {
            throw new Steps.Failed("the properties file has no " + key);
        }
        return value;
    }
}
