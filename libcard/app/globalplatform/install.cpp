// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/globalplatform/install.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"

namespace kartsaz::app::globalplatform {
namespace {

constexpr std::size_t most_parameters = 127;  // with C9 and its length still one LV field of a short command

std::vector<std::string_view> split(std::string_view text, char by) {
    std::vector<std::string_view> out;
    while (true) {
        const auto at = text.find(by);
        out.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return out;
        text.remove_prefix(at + 1);
    }
}

/// One part of one instance. @param what  "package AID"
class Part {
public:
    Part(const std::string& where, std::string_view instance, const char* what)
        : where_{where}, instance_{instance}, what_{what} {}

    Bytes read(std::string_view hex, std::size_t least, std::size_t most) const {
        Bytes out;
        try {
            out = from_hex(hex);
        } catch (const Error& error) {
            fail(error.what());
        }
        if (out.size() < least || out.size() > most) {
            fail(fmt::format("{} bytes, {} to {} expected", out.size(), least, most));
        }
        return out;
    }
    [[noreturn]] void fail(const std::string& rule) const {
        throw Error{Errc::input_invalid, fmt::format("{}: \"{}\": {}: {}", where_, instance_, what_, rule)};
    }

private:
    const std::string& where_;
    std::string_view instance_;
    const char* what_;
};

InstallOption parse_one(std::string_view text, const std::string& where) {
    const auto parts = split(text, '/');
    if (parts.size() < 3 || parts.size() > 5) {
        Part{where, text, "form"}.fail("PACKAGE/MODULE/INSTANCE[/PRIVILEGES[/PARAMETERS]] expected");
    }
    InstallOption out;
    const auto part = [&](const char* what) { return Part{where, text, what}; };
    out.package = part("package AID").read(parts[0], 5, 16);
    out.module = part("module AID").read(parts[1], 5, 16);
    out.instance = part("instance AID").read(parts[2], 5, 16);
    if (parts.size() > 3) out.privileges = part("privileges").read(parts[3], 1, 3);
    if (out.privileges.size() == 2) part("privileges").fail("2 bytes, 1 or 3 expected");
    if (parts.size() > 4) out.parameters = part("parameters").read(parts[4], 0, most_parameters);
    return out;
}

void put(Bytes& out, ByteView field) {
    out.push_back(static_cast<std::uint8_t>(field.size()));
    append(out, field);
}

}  // namespace

std::vector<InstallOption> parse_install(std::string_view text, const std::string& where) {
    std::vector<InstallOption> out;
    for (const auto one : split(text, ' ')) {
        if (one.empty()) continue;
        auto wanted = parse_one(one, where);
        const bool twice =
            std::ranges::any_of(out, [&](const auto& other) { return other.instance == wanted.instance; });
        if (twice) Part{where, one, "instance AID"}.fail("it is there twice");
        out.push_back(std::move(wanted));
    }
    return out;
}

apdu::CommandApdu install_command(const InstallOption& wanted) {
    Bytes parameters{0xC9};
    put(parameters, wanted.parameters);
    Bytes data;
    put(data, wanted.package);
    put(data, wanted.module);
    put(data, wanted.instance);
    put(data, wanted.privileges);
    put(data, parameters);
    data.push_back(0x00);  // no token
    return {.cla = 0x80, .ins = 0xE6, .p1 = 0x0C, .p2 = 0x00, .data = std::move(data), .ne = 256};
}

}  // namespace kartsaz::app::globalplatform
