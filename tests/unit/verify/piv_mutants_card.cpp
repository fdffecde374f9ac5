// SPDX-License-Identifier: Apache-2.0
#include "keys/crypto.h"
#include "libcard/app/piv/fingers.h"
#include "piv_mutants.h"
#include "portrait.h"
#include "tests/unit/piv/samples.h"

namespace kartsaz::test {
namespace pv = app::piv;
namespace {

PivChange fact(const char* name, const char* value) {
    return [=](GoodPiv& c) { c.facts[name] = value; };
}

/// The card as it is, registered before; `change` tells what was another then.
void register_as(GoodPiv& card, const std::function<void(GoodPiv&)>& change) {
    GoodPiv before = card;
    change(before);
    card.registered = before.dump();
}

const std::set<std::string> files{"card.against.files"};
constexpr const char* every_byte = "the registered card's files are compared byte for byte, too";

/// The record of the card's holder, and then one fault.
PivMutant beside_record(const char* check, const char* what, const PivChange& change) {
    return mutant_made(check, what, [change](GoodPiv& c) {
        c.give_record();
        change(c);
    });
}

constexpr const char* another = "0084575948";

}  // namespace

std::vector<PivMutant> piv_record_mutants() {
    return {
        with(beside_record("piv.record.person", "a record of another national ID",
                           [](GoodPiv& c) { c.expected->national_id = another; }),
             {"piv.record.holder"}, "the certificates have the other national ID, too"),
        beside_record("piv.record.holder", "9C with another's national ID",
                      [](GoodPiv& c) { c.wishes[0x9C].subject_serial = another; }),
        beside_record("piv.record.holder", "9A with another's name in Persian",
                      [](GoodPiv& c) { c.wishes[0x9A].common_name = "سارا احمدی"; }),
        beside_record("piv.record.holder", "9D with another's name in Latin letters",
                      [](GoodPiv& c) { c.wishes[0x9D].common_name = "Sara Ahmadi"; }),
        beside_record("piv.record.printed", "another's name printed",
                      [](GoodPiv& c) { c.printed.name = "Sara Ahmadi"; }),
        beside_record("piv.record.printed", "another document's number printed",
                      [](GoodPiv& c) { c.printed.serial = "123456780"; }),
        beside_record("piv.record.expiry", "a record that ends a day later",
                      [](GoodPiv& c) { c.expected->expiry_date = record::from_unix(c.ends + GoodPiv::day); }),
        beside_record(
            "piv.record.face", "a record with a smaller photo",
            [](GoodPiv& c) { c.expected->photo = record::parse_photo(sample_jpeg(96, 128), "portrait"); }),
        beside_record(
            "piv.record.face", "a smaller photo of another encoder",
            [](GoodPiv& c) { c.expected->photo = record::parse_photo(sample_jpeg(240, 320), "portrait"); }),
        beside_record(
            "piv.record.fingers", "a finger of other minutiae",
            [](GoodPiv& c) {
                // its minutiae stand where the record's first ones stand, and beyond
                c.fingers_block = pv::piv_minutiae({small_finger(2, 21), small_finger(7, 20)}, {1, 1});
            }),
        beside_record("piv.record.fingers", "a finger that the record lacks",
                      [](GoodPiv& c) { c.expected->fingers.pop_back(); })};
}

std::vector<PivMutant> piv_card_mutants() {
    return {
        mutant_proved("piv.read", "answers without an end",
                      fact("fault", "the card does not come to an end")),
        mutant_proved("piv.key.possession", "9A signs with another key",
                      [](GoodPiv& c) {
                          c.facts["key.9A.signature"] =
                              to_hex(GoodPiv::key(0x9E).sign(from_hex(c.facts["key.9A.message"])));
                      }),
        mutant_proved("piv.key.public", "the card shows another key in 9A",
                      [](GoodPiv& c) { c.facts["key.9A.public"] = to_hex(GoodPiv::key(0x9E).public_key()); }),
        mutant_proved("piv.key.certificate", "a retired key without a certificate",
                      [](GoodPiv& c) {
                          const Bytes message = keys::sha256(Bytes{0x82});
                          c.facts["key.82.public"] = to_hex(GoodPiv::key(0x82).public_key());
                          c.facts["key.82.message"] = to_hex(message);
                          c.facts["key.82.digest"] = "sha256";
                          c.facts["key.82.signature"] = to_hex(GoodPiv::key(0x82).sign(message));
                      }),
        mutant_proved("piv.key.origin", "a signature key that was imported",
                      fact("key.9C.origin", "imported")),
        mutant_proved("piv.key.pin", "9A answers without the PIN", fact("key.9A.plain.sw", "9000")),
        mutant_proved("piv.pin.blocked", "a blocked PIN",
                      [](GoodPiv& c) {
                          c.facts["pin.state"] = "blocked";
                          c.facts["pin.tries"] = "0";
                          c.facts["pin.status"] = "6983";
                      }),
        mutant_proved("piv.pin.tries", "a spent try", fact("pin.tries", "2")),
        mutant_proved("piv.pin.holder", "the holder's own PIN", fact("pin.state", "changed")),
        mutant_proved("piv.pin.factory", "the maker's PIN", fact("pin.factory", "yes")),
        mutant_proved("piv.puk", "a blocked PUK", fact("puk.tries", "0")),
        mutant_proved("piv.management.key", "the factory's management key",
                      [](GoodPiv& c) {
                          c.facts["management.keys"] = "factory";
                          c.demanded = true;
                      }),
        mutant_proved("piv.management.algorithm", "a management key of triple DES",
                      fact("management.algorithm", "03")),
        mutant_proved("piv.access.plain", "a face that anybody may read", fact("plain.face", "9000")),
        with(mutant_proved("piv.against.identity", "another card's FASC-N and GUID were registered",
                           [](GoodPiv& c) {
                               register_as(c, [](GoodPiv& b) {
                                   b.chuid.guid = from_hex("21EAD4440EF74DDDBADF884B067E14F9");
                                   b.objects[pv::id_chuid] = pv::encode_chuid(b.chuid);
                               });
                           }),
             files, every_byte),
        with(mutant_proved("piv.against.keys", "another key in 9E was registered",
                           [](GoodPiv& c) {
                               register_as(c, [](GoodPiv& b) {
                                   b.wishes[0x9E].serial = "77";
                                   b.wishes[0x9E].key_of = &GoodPiv::key(0x77);
                                   b.put_certificate(0x9E, PivParty{b.wishes[0x9E], &b.ca}.certificate());
                               });
                           }),
             files, every_byte),
        with(mutant_proved("piv.against.serial", "the serial number of 9E was registered for a retired key",
                           [](GoodPiv& c) {
                               register_as(c, [](GoodPiv& b) {
                                   auto wish = b.wishes[0x9E];
                                   wish.key_of = &GoodPiv::key(0x77);
                                   b.put_certificate(0x82, PivParty{wish, &b.ca}.certificate());
                               });
                           }),
             files, every_byte)};
}

}  // namespace kartsaz::test
