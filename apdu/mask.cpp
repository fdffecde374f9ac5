// SPDX-License-Identifier: Apache-2.0
#include "apdu/mask.h"

#include <algorithm>

#include "apdu/dgi.h"
#include "apdu/error.h"

namespace kartsaz::apdu {
namespace {

using enum Secrecy;

struct Row {
    std::uint8_t ins;
    Secrecy command;
    Secrecy response;
};

// Instructions whose sensitivity does not depend on anything else.
constexpr Row rows[] = {
    {0x04, open, open},          // DEACTIVATE FILE
    {0x20, secret, open},        // VERIFY
    {0x21, secret, open},        //
    {0x24, secret, open},        // CHANGE REFERENCE DATA
    {0x25, secret, open},        //
    {0x2C, secret, open},        // RESET RETRY COUNTER
    {0x2D, secret, open},        //
    {0x44, open, open},          // ACTIVATE FILE
    {0x46, open, open},          // GENERATE ASYMMETRIC KEY PAIR: the public key
    {0x47, open, open},          //
    {0x50, open, open},          // INITIALIZE UPDATE
    {0x70, open, open},          // MANAGE CHANNEL
    {0x78, open, open},          // END R-MAC SESSION
    {0x7A, open, open},          // BEGIN R-MAC SESSION
    {0x84, open, open},          // GET CHALLENGE
    {0x86, secret, secret},      // GENERAL AUTHENTICATE
    {0x87, secret, secret},      //
    {0x88, open, open},          // INTERNAL AUTHENTICATE
    {0xA4, open, open},          // SELECT
    {0xB0, personal, personal},  // READ BINARY
    {0xB1, personal, personal},  //
    {0xC2, secret, secret},      // ENVELOPE: may wrap any command
    {0xC3, secret, secret},      //
    {0xCA, open, open},          // GET DATA
    {0xD8, secret, open},        // PUT KEY
    {0xE0, open, open},          // CREATE FILE
    {0xE4, open, open},          // DELETE
    {0xE6, open, open},          // INSTALL
    {0xE8, open, open},          // LOAD
    {0xF0, open, open},          // SET STATUS
    {0xF2, open, open},          // GET STATUS
    {0xFE, secret, open},        // IMPORT of a private key (PIV applets)
    {0xFF, secret, open},        // SET MANAGEMENT KEY (PIV applets)
};

bool proprietary(const CommandApdu& command) {
    return (command.cla & 0x80U) != 0;
}

bool holds_key_groupings(const CommandApdu& command) {
    const bool ber_tlv = (command.p1 & 0x18U) == 0x10;
    const bool encrypted = (command.p1 & 0x60U) == 0x60;
    if (encrypted) return true;
    if (ber_tlv) return false;
    try {
        const auto groups = read_dgis(command.data, "STORE DATA");
        // EMV CPS 1.1, annex A: 80xx to 9Fxx are keys, key parts, PINs and what belongs to them.
        return std::any_of(groups.begin(), groups.end(),
                           [](const Dgi& dgi) { return dgi.id >= 0x8000 && dgi.id <= 0x9FFF; });
    } catch (const Error&) {
        return true;  // a later part of a longer grouping: what it belongs to is not to be seen
    }
}

bool key_of_passport_applet(const CommandApdu& command) {
    return command.p1 == 0x00 && command.p2 >= 0x60 && command.p2 <= 0x66;
}

std::string hidden(std::size_t count) {
    std::string out;
    out.reserve(count * 2);
    for (std::size_t i = 0; i < count; ++i) out += "??";
    return out;
}

bool shown(Secrecy secrecy, const MaskOptions& options) {
    return secrecy == open || (secrecy == personal && options.show_personal);
}

}  // namespace

Sensitivity sensitivity(const CommandApdu& command) {
    const std::uint8_t ins = command.ins;
    // CLA FF is a command to the reader; only GET DATA (FF CA: the UID) is harmless.
    if (command.cla == 0xFF && ins != 0xCA) return {secret, personal};
    const auto row =
        std::find_if(std::begin(rows), std::end(rows), [&](const Row& r) { return r.ins == ins; });
    if (row != std::end(rows)) return {row->command, row->response};
    if (ins == 0x22) return {command.p2 == 0xA6 ? secret : open, open};          // MSE; A6: key agreement
    if (ins == 0x2A) return {personal, command.p1 == 0x80 ? secret : personal};  // PSO; 80: plain value out
    if (ins == 0x82) return {open, open};                                        // cryptograms only
    if (ins == 0xDA) return {key_of_passport_applet(command) ? secret : personal, open};
    // PUT DATA of IsoApplet carries private keys to 3FFF, where a PIV applet has its objects.
    if (ins == 0xDB) return {command.p1 == 0x3F && command.p2 == 0xFF ? secret : personal, open};
    if (ins == 0xE2 && proprietary(command))
        return {holds_key_groupings(command) ? secret : personal, personal};
    return {personal, personal};
}

std::string masked(const CommandApdu& command, const MaskOptions& options) {
    const Bytes wire = encode(command);
    if (command.data.empty() || shown(sensitivity(command).command, options)) return to_hex(wire);
    const ByteView all{wire};
    const std::size_t head = is_extended(command) ? 7 : 5;
    const std::size_t size = command.data.size();
    return to_hex(all.first(head)) + hidden(size) + to_hex(all.subspan(head + size));
}

std::string masked(const ResponseApdu& response, const CommandApdu& command, const MaskOptions& options) {
    const bool show = shown(sensitivity(command).response, options);
    const std::string data = show ? to_hex(response.data) : hidden(response.data.size());
    return data + to_hex(big_endian(response.sw.value(), 2));
}

}  // namespace kartsaz::apdu
