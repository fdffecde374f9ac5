// SPDX-License-Identifier: Apache-2.0
#include "apdu/describe.h"

#include <fmt/format.h>

#include <algorithm>

namespace kartsaz::apdu {
namespace {

/// A command without its class byte: what the words are made from.
struct View {
    const CommandApdu& command;
    bool readable;  ///< the data is plain

    std::size_t size() const { return command.data.size(); }
    std::string size_words() const {
        return fmt::format("{} {}", size(), readable ? "bytes" : "protected bytes");
    }
    std::string data_hex() const { return to_hex(command.data); }
    unsigned p1p2() const { return static_cast<unsigned>(command.p1 << 8U | command.p2); }
};

std::string select(const View& v) {
    const bool by_name = v.command.p1 == 0x04;
    if (!v.readable) return by_name ? " application" : " file";
    if (by_name) return v.size() == 0 ? " default application" : " application " + v.data_hex();
    if (v.size() == 0) return v.command.p1 == 0x03 ? " parent" : " MF";
    if (v.command.p1 == 0x02) return " EF " + v.data_hex();
    return v.command.p1 >= 0x08 ? " path " + v.data_hex() : " file " + v.data_hex();
}

std::string place(const View& v) {
    if ((v.command.p1 & 0x80U) != 0)
        return fmt::format(" SFI {:02X} offset {}", v.command.p1 & 0x1FU, v.command.p2);
    return fmt::format(" offset {}", v.p1p2());
}

std::string read_at(const View& v) {
    if (!v.readable || !v.command.ne) return place(v);
    return fmt::format("{}, up to {} bytes", place(v), *v.command.ne);
}

std::string write_at(const View& v) {
    return fmt::format("{}, {}", place(v), v.size_words());
}

std::string record(const View& v) {
    return fmt::format(" number {}, SFI {:02X}", v.command.p1, v.command.p2 >> 3U);
}

std::string reference(const View& v) {
    return fmt::format(" reference {:02X}", v.command.p2);
}

std::string object(const View& v) {
    return fmt::format(" {:04X}", v.p1p2());
}

std::string put_object(const View& v) {
    return fmt::format(" {:04X}, {}", v.p1p2(), v.size_words());
}

std::string counted(const View& v) {
    return v.size() == 0 ? std::string{} : ", " + v.size_words();
}

std::string initialize_update(const View& v) {
    if (v.command.p1 == 0) return ", any key version";
    return fmt::format(", key version {:02X}", v.command.p1);
}

std::string level(const View& v) {
    return fmt::format(", level {:02X}", v.command.p1);
}

std::string put_key(const View& v) {
    const unsigned version = v.command.p1 & 0x7FU;
    const std::string what =
        version == 0 ? " new version" : fmt::format(" replacing version {:02X}", version);
    return fmt::format("{}, key {}{}, {}", what, v.command.p2 & 0x7FU,
                       (v.command.p2 & 0x80U) != 0 ? " and following" : "", v.size_words());
}

std::string store_data(const View& v) {
    return fmt::format(" block {}{}, {}", v.command.p2, (v.command.p1 & 0x80U) != 0 ? " (last)" : "",
                       v.size_words());
}

std::string registry_part(const View& v) {
    switch (v.command.p1) {
        case 0x80:
            return " issuer security domain";
        case 0x40:
            return " applications";
        case 0x20:
            return " load files";
        case 0x10:
            return " load files and modules";
        default:
            return fmt::format(" {:02X}", v.command.p1);
    }
}

std::string set_status(const View& v) {
    const auto what = v.command.p1 == 0x80 ? "card" : "application";
    return fmt::format(" {} to {:02X}", what, v.command.p2);
}

std::string install(const View& v) {
    switch (v.command.p1 & 0x7FU) {
        case 0x02:
            return " [for load]";
        case 0x04:
            return " [for install]";
        case 0x08:
            return " [for make selectable]";
        case 0x0C:
            return " [for install and make selectable]";
        case 0x10:
            return " [for extradition]";
        case 0x20:
            return " [for personalization]";
        case 0x40:
            return " [for registry update]";
        default:
            return fmt::format(" {:02X}", v.command.p1);
    }
}

std::string create_file(const View& v) {
    // The passport applet's own form: 63 04, two bytes of size, two of identifier.
    const auto& d = v.command.data;
    if (v.readable && d.size() == 6 && d[0] == 0x63 && d[1] == 0x04) {
        return fmt::format(" {:02X}{:02X}, {} bytes", d[4], d[5], d[2] * 256 + d[3]);
    }
    return counted(v);
}

std::string environment(const View& v) {
    return fmt::format(" P1-P2 {:04X}", v.p1p2());
}

std::string challenge(const View& v) {
    return v.command.ne ? fmt::format(" of {} bytes", *v.command.ne) : std::string{};
}

std::string nothing(const View&) {
    return {};
}

enum class For { both, interindustry, proprietary };

struct Row {
    std::uint8_t ins;
    For cla;
    std::string_view name;
    std::string (*rest)(const View&);
};

// ISO/IEC 7816-4, -8, -9; GlobalPlatform Card Specification 2.3.1, chapter 11. The first row that fits wins.
constexpr Row rows[] = {
    {0x04, For::interindustry, "DEACTIVATE FILE", nothing},
    {0x20, For::both, "VERIFY", reference},
    {0x21, For::both, "VERIFY", reference},
    {0x22, For::interindustry, "MANAGE SECURITY ENVIRONMENT", environment},
    {0x24, For::both, "CHANGE REFERENCE DATA", reference},
    {0x25, For::both, "CHANGE REFERENCE DATA", reference},
    {0x2A, For::interindustry, "PERFORM SECURITY OPERATION", environment},
    {0x2C, For::both, "RESET RETRY COUNTER", reference},
    {0x2D, For::both, "RESET RETRY COUNTER", reference},
    {0x44, For::interindustry, "ACTIVATE FILE", nothing},
    {0x46, For::both, "GENERATE ASYMMETRIC KEY PAIR", environment},
    {0x47, For::both, "GENERATE ASYMMETRIC KEY PAIR", environment},
    {0x50, For::proprietary, "INITIALIZE UPDATE", initialize_update},
    {0x70, For::interindustry, "MANAGE CHANNEL", nothing},
    {0x78, For::proprietary, "END R-MAC SESSION", nothing},
    {0x7A, For::proprietary, "BEGIN R-MAC SESSION", nothing},
    {0x82, For::proprietary, "EXTERNAL AUTHENTICATE", level},
    {0x82, For::interindustry, "EXTERNAL or MUTUAL AUTHENTICATE", counted},
    {0x84, For::both, "GET CHALLENGE", challenge},
    {0x86, For::interindustry, "GENERAL AUTHENTICATE", counted},
    {0x87, For::interindustry, "GENERAL AUTHENTICATE", counted},
    {0x88, For::interindustry, "INTERNAL AUTHENTICATE", counted},
    {0xA4, For::both, "SELECT", select},
    {0xB0, For::both, "READ BINARY", read_at},
    {0xB1, For::both, "READ BINARY", counted},
    {0xB2, For::interindustry, "READ RECORD", record},
    {0xC0, For::both, "GET RESPONSE", challenge},
    {0xC2, For::both, "ENVELOPE", counted},
    {0xCA, For::both, "GET DATA", object},
    {0xCB, For::both, "GET DATA", put_object},
    {0xD0, For::interindustry, "WRITE BINARY", write_at},
    {0xD6, For::both, "UPDATE BINARY", write_at},
    {0xD7, For::both, "UPDATE BINARY", counted},
    {0xD8, For::proprietary, "PUT KEY", put_key},
    {0xDA, For::both, "PUT DATA", put_object},
    {0xDB, For::both, "PUT DATA", put_object},
    {0xDC, For::interindustry, "UPDATE RECORD", record},
    {0xE0, For::both, "CREATE FILE", create_file},
    {0xE2, For::proprietary, "STORE DATA", store_data},
    {0xE2, For::interindustry, "APPEND RECORD", counted},
    {0xE4, For::proprietary, "DELETE", counted},
    {0xE4, For::interindustry, "DELETE FILE", counted},
    {0xE6, For::proprietary, "INSTALL", install},
    {0xE6, For::interindustry, "TERMINATE DF", nothing},
    {0xE8, For::proprietary, "LOAD", store_data},
    {0xE8, For::interindustry, "TERMINATE EF", nothing},
    {0xF0, For::proprietary, "SET STATUS", set_status},
    {0xF2, For::proprietary, "GET STATUS", registry_part},
    {0xFE, For::interindustry, "TERMINATE CARD or IMPORT", counted},
};

struct Class {
    bool proprietary;
    bool protection;
    bool gp_protection;
    bool chained;
    unsigned channel;
};

/// ISO/IEC 7816-4, 5.4.1; GlobalPlatform Card Specification 2.3.1, 11.1.4.
Class read_class(std::uint8_t cla) {
    const bool gp = (cla & 0x80U) != 0;
    const bool chained = (cla & 0x10U) != 0;
    if ((cla & 0x40U) != 0) {
        const bool sm = (cla & 0x20U) != 0;
        return {gp, sm, sm && gp, chained, 4U + (cla & 0x0FU)};
    }
    const unsigned sm = cla & 0x0CU;
    return {gp, sm != 0, sm == 0x04, chained, cla & 0x03U};
}

const Row* find_row(const CommandApdu& command, bool is_proprietary) {
    const auto row = std::find_if(std::begin(rows), std::end(rows), [&](const Row& r) {
        return r.ins == command.ins && (r.cla == For::both || (r.cla == For::proprietary) == is_proprietary);
    });
    return row == std::end(rows) ? nullptr : row;
}

}  // namespace

std::string describe(const CommandApdu& command) {
    if (command.cla == 0xFF) {
        return fmt::format("command {:02X} to the reader, {} bytes", command.ins, command.data.size());
    }
    const Class cla = read_class(command.cla);
    std::string out;
    if (cla.protection) out += cla.gp_protection ? "[SCP] " : "[SM] ";
    if (cla.chained) out += "[chain] ";
    if (cla.channel != 0) out += fmt::format("[channel {}] ", cla.channel);
    const View view{command, !cla.protection};
    const Row* row = find_row(command, cla.proprietary);
    if (row == nullptr) {
        return out + fmt::format("command {:02X} {:02X} P1-P2 {:04X}{}", command.cla, command.ins,
                                 view.p1p2(), counted(view));
    }
    // EXTERNAL AUTHENTICATE carries a MAC, but opens the session: nothing is protected yet.
    if (row->name == "EXTERNAL AUTHENTICATE") out.clear();
    return out.append(row->name) + row->rest(view);
}

}  // namespace kartsaz::apdu
