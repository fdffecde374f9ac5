#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the test certificates of this folder anew. Every key is a throw-away; those of the CSCAs are not kept.
# The tests ask at fixed dates: csca 2020 to 2040, document signers 2021 to 2031, CRL of 2022 to 2023.
set -eu
out=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > ca.cnf <<'CNF'
[req]
prompt = no
distinguished_name = dn
[dn]
C = IR
O = Kartsaz Test
CN = $ENV::NAME
[csca]
basicConstraints = critical,CA:true,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[csca_bare]
basicConstraints = critical,CA:true,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = none
authorityKeyIdentifier = none
[ds]
keyUsage = critical,digitalSignature
authorityKeyIdentifier = keyid
[ds_bare]
keyUsage = critical,digitalSignature
subjectKeyIdentifier = none
authorityKeyIdentifier = none
[ds_wrong_usage]
keyUsage = critical,keyEncipherment
authorityKeyIdentifier = keyid
[ds_no_usage]
authorityKeyIdentifier = keyid
[ca]
default_ca = here
[here]
database = index.txt
serial = serial
crlnumber = crlnumber
default_md = sha256
policy = any
new_certs_dir = .
unique_subject = no
[any]
C = optional
O = optional
CN = supplied
CNF
touch index.txt
echo 1001 > serial
echo 01 > crlnumber
key() { openssl genpkey -quiet -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$1.key" 2>/dev/null ||
        openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$1.key"; }
root() {  # file, name, extensions, not before, not after
    key "$1" P-256
    NAME="$2" openssl req -new -config ca.cnf -key "$1.key" -out "$1.csr"
    NAME="$2" openssl ca -batch -notext -preserveDN -config ca.cnf -selfsign -keyfile "$1.key" -in "$1.csr" \
        -extensions "$3" -startdate "$4" -enddate "$5" -out "$1.pem" 2>/dev/null
}
signer() {  # file, name, extensions, issuer
    NAME="$2" openssl req -new -config ca.cnf -key "$1.key" -out "$1.csr"
    NAME="$2" openssl ca -batch -notext -preserveDN -config ca.cnf -cert "$4.pem" -keyfile "$4.key" \
        -in "$1.csr" -extensions "$3" -startdate 20210101000000Z -enddate 20310101000000Z -out "$1.pem" 2>/dev/null
}
root csca "Test Country Signer" csca 20200101000000Z 20400101000000Z
root csca-short "Short Country Signer" csca 20200101000000Z 20250101000000Z
root csca-bare "Test Country Signer Without Key Identifier" csca_bare 20200101000000Z 20400101000000Z
root csca-impostor "Test Country Signer Without Key Identifier" csca_bare 20200101000000Z 20400101000000Z
for name in ds ds-revoked ds-wrong-usage ds-no-usage ds-short ds-impostor; do key $name P-256; done
signer ds "Test Document Signer" ds csca
signer ds-revoked "Revoked Document Signer" ds csca
signer ds-wrong-usage "Document Signer For Encipherment" ds_wrong_usage csca
signer ds-no-usage "Document Signer Without Usage" ds_no_usage csca
signer ds-short "Document Signer Of The Short Country Signer" ds csca-short
signer ds-impostor "Document Signer Of The Impostor" ds_bare csca-impostor
key ds-p384 P-384
key ds-p521 P-521
key ds-brainpool brainpoolP256r1
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out ds-rsa.key 2>/dev/null ||
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out ds-rsa.key
for name in ds-p384 ds-p521 ds-brainpool ds-rsa; do signer $name "Test Document Signer $name" ds csca; done
NAME=x openssl ca -config ca.cnf -cert csca.pem -keyfile csca.key -revoke ds-revoked.pem 2>/dev/null
NAME=x openssl ca -config ca.cnf -cert csca.pem -keyfile csca.key -gencrl \
    -crl_lastupdate 20220101000000Z -crl_nextupdate 20230101000000Z -out csca.crl
for name in csca csca-short csca-bare csca-impostor ds-revoked ds-wrong-usage ds-no-usage ds-short ds-impostor; do
    cp "$name.pem" "$out/"
done
for name in ds ds-p384 ds-p521 ds-brainpool ds-rsa; do cat "$name.key" "$name.pem" > "$out/$name.pem"; done
cp csca.crl "$out/"
# Keys of cards and of mailing houses; the latter with certificates of their own until about 2059.
for curve in P-256 P-384 P-521; do
    short=$(echo "$curve" | tr -d - | tr P p)
    key "key-ec-$short" "$curve"
    cp "key-ec-$short.key" "$out/key-ec-$short.pem"
done
for bits in 2048 3072 4096; do openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:$bits" -out "$out/key-rsa-$bits.pem"; done
mailer() {  # kind, key, usage
    openssl req -x509 -new -key "$out/$2.pem" -subj "/C=IR/O=Kartsaz Test/CN=Mailing House $1" -days 12000 \
        -addext "keyUsage=critical,$3" -addext "basicConstraints=critical,CA:false" -out mailer.pem
    cat "$out/$2.pem" mailer.pem > "$out/mailer-$1.pem"
}
mailer rsa key-rsa-2048 keyEncipherment
mailer ec key-ec-p256 keyAgreement
