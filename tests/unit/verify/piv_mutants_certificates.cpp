// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "piv_mutants.h"

namespace kartsaz::test {
namespace {

constexpr std::int64_t one_day = GoodPiv::day;

void sign_by(GoodPiv& card, const std::function<void(PivWish&)>& change, const PivParty& issuer) {
    auto wish = card.signer_wish();
    change(wish);
    card.signer = card.make_signer(wish, issuer);
}

void set_usage(PivWish& wish, const char* usage) {
    for (auto& [name, value] : wish.extensions) {
        if (name == "keyUsage") value = usage;
    }
}

void set_purpose(PivWish& wish, const char* purpose) {
    for (auto& [name, value] : wish.extensions) {
        if (name == "extendedKeyUsage") value = purpose;
    }
}

/// An OCSP answer for 9E, good unless it is spoilt.
void answer(GoodPiv& card, const std::function<void(PivWish&)>& change, std::int64_t from = GoodPiv::at - 100,
            std::int64_t to = GoodPiv::at + one_day) {
    const auto responder = card.responder(card.ca, change);
    card.at_hand.push_back(responder.ocsp(card.certificate(0x9E), card.ca, false, from, to));
}

std::vector<PivMutant> signer_mutants() {
    return {mutant_made("piv.signer.path", "a content signer that nobody certified",
                        [](GoodPiv& c) {
                            sign_by(
                                c, [](PivWish&) {}, c.stranger);
                        }),
            mutant_made("piv.signer.issuer-validity", "a content signer of a CA that has expired",
                        [](GoodPiv& c) {
                            sign_by(
                                c, [](PivWish&) {}, c.expired_ca);
                        }),
            mutant_made("piv.signer.validity", "a content signer that expired yesterday",
                        [](GoodPiv& c) {
                            sign_by(
                                c, [](PivWish& w) { w.not_after = GoodPiv::at - one_day; }, c.ca);
                        }),
            mutant_made("piv.signer.revocation", "a revoked content signer",
                        [](GoodPiv& c) { c.revoked.emplace_back("20"); }),
            mutant_made("piv.signer.usage", "a content signer whose key may not sign",
                        [](GoodPiv& c) {
                            sign_by(
                                c, [](PivWish& w) { set_usage(w, "critical,keyAgreement"); }, c.ca);
                        }),
            mutant_made("piv.signer.purpose", "a content signer for something else",
                        [](GoodPiv& c) {
                            sign_by(
                                c, [](PivWish& w) { set_purpose(w, "critical,clientAuth"); }, c.ca);
                        }),
            mutant_made("piv.signer.strength", "a content signer certified with SHA-1",
                        [](GoodPiv& c) {
                            sign_by(
                                c, [](PivWish& w) { w.digest = "SHA1"; }, c.ca);
                        }),
            mutant_made("piv.signer.strength", "a content signer whose key is on secp256k1",
                        [](GoodPiv& c) {
                            sign_by(
                                c, [](PivWish& w) { w.key_of = &GoodPiv::key(GoodPiv::curve_k1); }, c.ca);
                        }),
            mutant_made("piv.signer.one", "a face by another, just as good signer", [](GoodPiv& c) {
                auto wish = c.signer_wish();
                wish.serial = "21";
                wish.common_name = "Another Content Signer";
                wish.key_of = &GoodPiv::key(0x21);
                c.face_seal.signer = c.make_signer(wish, c.ca);
                c.face_seal.certificate = true;
            })};
}

std::vector<PivMutant> slot_mutants() {
    return {
        mutant_made(
            "piv.certificate.form", "a certificate with an extension that cannot be read",
            [](GoodPiv& c) { c.wishes[0x9E].extensions.emplace_back("1.3.6.1.5.5.7.1.1", "DER:04:01:00"); }),
        mutant_made("piv.certificate.key-identifier", "a subject key identifier of another key",
                    [](GoodPiv& c) { c.wishes[0x9A].key_identifier = Bytes(20, 0x5A); }),
        mutant_made("piv.certificate.path", "a certificate of a CA that nobody trusts",
                    [](GoodPiv& c) { c.issuers[0x9E] = &c.stranger; }),
        mutant_made("piv.certificate.issuer-validity", "a certificate of a CA that has expired",
                    [](GoodPiv& c) { c.issuers[0x9E] = &c.expired_ca; }),
        mutant_made("piv.certificate.validity", "a certificate that is valid from the day after tomorrow",
                    [](GoodPiv& c) { c.wishes[0x9E].not_before = GoodPiv::at + 2 * one_day; }),
        mutant_made("piv.certificate.revocation", "a revoked certificate",
                    [](GoodPiv& c) { c.revoked.emplace_back("9E"); }),
        mutant_made("piv.certificate.usage", "an authentication key that may not sign",
                    [](GoodPiv& c) { set_usage(c.wishes[0x9A], "critical,keyAgreement"); }),
        mutant_made(
            "piv.certificate.usage", "an authentication key for nonRepudiation, too",
            [](GoodPiv& c) { set_usage(c.wishes[0x9A], "critical,digitalSignature,nonRepudiation"); }),
        mutant_made(
            "piv.certificate.usage", "a card authentication key for keyEncipherment, too",
            [](GoodPiv& c) { set_usage(c.wishes[0x9E], "critical,digitalSignature,keyEncipherment"); }),
        mutant_made("piv.certificate.usage", "a signature key for keyAgreement, too",
                    [](GoodPiv& c) {
                        set_usage(c.wishes[0x9C], "critical,digitalSignature,nonRepudiation,keyAgreement");
                    }),
        mutant_made("piv.certificate.purpose", "card authentication that is not critical",
                    [](GoodPiv& c) { set_purpose(c.wishes[0x9E], "2.16.840.1.101.3.6.8"); }),
        mutant_made("piv.certificate.strength", "an RSA key of 1,024 bits",
                    [](GoodPiv& c) { c.wishes[0x9E].key_of = &GoodPiv::key(GoodPiv::weak_rsa); }),
        mutant_made("piv.certificate.strength", "an RSA key of exponent 3",
                    [](GoodPiv& c) { c.wishes[0x9A].key_of = &GoodPiv::key(GoodPiv::rsa_e3); }),
        mutant_made("piv.certificate.strength", "a key on P-521",
                    [](GoodPiv& c) { c.wishes[0x9A].key_of = &GoodPiv::key(GoodPiv::curve_p521); }),
        mutant_made("piv.certificate.strength", "a key on secp256k1",
                    [](GoodPiv& c) { c.wishes[0x9E].key_of = &GoodPiv::key(GoodPiv::curve_k1); }),
        mutant_made("piv.certificate.outlives", "a certificate that ends after the card",
                    [](GoodPiv& c) { c.wishes[0x9E].not_after = c.ends + 10 * one_day; }),
        mutant_made("piv.certificate.same-key", "one key in 9A and 9E",
                    [](GoodPiv& c) { c.wishes[0x9E].key_of = &GoodPiv::key(0x9A); }),
        mutant_made("piv.certificate.serial", "one serial number in 9A and 9E",
                    [](GoodPiv& c) { c.wishes[0x9E].serial = "9A"; }),
        mutant_made("piv.certificate.interim", "a background check that was not complete",
                    [](GoodPiv& c) {
                        c.wishes[0x9A].extensions.emplace_back("2.16.840.1.101.3.6.9.1", "DER:01:01:FF");
                    }),
        mutant_made("piv.certificate.fascn", "another card's FASC-N in 9E",
                    [](GoodPiv& c) {
                        c.wishes[0x9E].names[0] =
                            fascn_name(from_hex("D13810D828AB6C10C339E5A1685A08C92ADE0A6184E739C3E7"));
                    }),
        mutant_made("piv.certificate.uuid", "another card's UUID in 9E", [](GoodPiv& c) {
            c.wishes[0x9E].names[1] = uuid_name(from_hex("21EAD4440EF74DDDBADF884B067E14F9"));
        })};
}

std::vector<PivMutant> responder_mutants() {
    return {
        mutant_signed("piv.ocsp.response", "an OCSP response with a wrong signature",
                      [](GoodPiv& c) {
                          const auto responder = c.responder(c.ca, [](PivWish&) {});
                          auto response = responder.ocsp(c.certificate(0x9E), c.ca, false, GoodPiv::at - 100,
                                                         GoodPiv::at + one_day);
                          const Bytes inside = responder.certificate();
                          const auto at =
                              std::search(response.begin(), response.end(), inside.begin(), inside.end());
                          // the signature ends before the two headers of the certificates
                          *(at - 9) ^= 0x01;
                          c.at_hand.push_back(response);
                      }),
        mutant_signed(
            "piv.ocsp.responder", "a responder that may not answer",
            [](GoodPiv& c) { answer(c, [](PivWish& w) { set_purpose(w, "critical,clientAuth"); }); }),
        mutant_signed("piv.ocsp.responder.validity", "a responder that expired yesterday",
                      [](GoodPiv& c) { answer(c, [](PivWish& w) { w.not_after = GoodPiv::at - one_day; }); }),
        mutant_signed("piv.ocsp.responder.revocation", "a revoked responder",
                      [](GoodPiv& c) {
                          c.revoked.emplace_back("30");
                          answer(c, [](PivWish& w) {
                              std::erase_if(w.extensions, [](const auto& e) { return e.first == "noCheck"; });
                          });
                      }),
        mutant_signed("piv.ocsp.responder.revocation", "a revoked responder with nocheck",
                      [](GoodPiv& c) {
                          c.revoked.emplace_back("30");
                          answer(c, [](PivWish&) {});
                      }),
        with(mutant_made(
                 "piv.ocsp.responder.unchecked", "a responder of which nobody tells whether it was revoked",
                 [](GoodPiv& c) {
                     PivWish wish{.common_name = "CA without a list"};
                     wish.serial = "12";
                     wish.not_before = GoodPiv::at - 400 * one_day;
                     wish.not_after = GoodPiv::at + 4'000 * one_day;
                     wish.extensions = {{"basicConstraints", "critical,CA:TRUE"},
                                        {"keyUsage", "critical,keyCertSign,cRLSign"}};
                     c.other_ca = std::make_shared<const PivParty>(wish, &c.root);
                     c.issuers[0x9E] = c.other_ca.get();
                     c.at_hand.push_back(c.other_ca->certificate());
                     const auto responder = c.responder(*c.other_ca, [](PivWish& w) {
                         std::erase_if(w.extensions, [](const auto& e) { return e.first == "noCheck"; });
                     });
                     c.at_hand.push_back(
                         responder.ocsp(PivParty{c.wishes[0x9E], c.other_ca.get()}.certificate(), *c.other_ca,
                                        false, GoodPiv::at - 100, GoodPiv::at + one_day));
                 }),
             {"piv.certificate.revocation"},
             "what such a responder says is not believed, so the certificate's own state is not known"),
        mutant_signed("piv.ocsp.time", "an OCSP response of last month", [](GoodPiv& c) {
            answer(
                c, [](PivWish&) {}, GoodPiv::at - 40 * one_day, GoodPiv::at - 30 * one_day);
        })};
}

}  // namespace

std::vector<PivMutant> piv_certificate_mutants() {
    auto out = signer_mutants();
    for (auto& one : slot_mutants()) out.push_back(std::move(one));
    for (auto& one : responder_mutants()) out.push_back(std::move(one));
    return out;
}

}  // namespace kartsaz::test
