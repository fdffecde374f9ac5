// SPDX-License-Identifier: Apache-2.0
#include "libcard/sim/state.h"

#include <botan/hash.h>
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "libcard/sim/fields.h"

namespace kartsaz::sim {
namespace {

constexpr std::array<std::uint8_t, 8> magic{'K', 'S', 'Z', 'B', 'O', 'D', 'Y', 1};
constexpr std::size_t digest_size = 16;

Bytes digest(ByteView bytes) {
    const auto hash = Botan::HashFunction::create_or_throw("BLAKE2b(128)");
    hash->update(bytes.data(), bytes.size());
    Bytes out(digest_size);
    hash->final(out.data());
    return out;
}

void put_number(Bytes& out, char name, std::uint64_t value, std::size_t size) {
    put_field(out, name, big_endian(value, size));
}

Bytes encode_keyset(const Keyset& keyset) {
    Bytes out{keyset.version, keyset.tries, static_cast<std::uint8_t>(keyset.transport)};
    append(out, big_endian(keyset.counter, 3));
    for (const Bytes& key : keyset.keys) {
        out.push_back(static_cast<std::uint8_t>(key.size()));
        append(out, key);
    }
    return out;
}

Bytes encode_instance(const Instance& instance) {
    return instance.there() ? concat({instance.privileges, instance.aid}) : Bytes{};
}

/// Reads the fields one after the other; every fault names file, offset and rule.
class Reader {
public:
    Reader(ByteView all, const std::string& name) : all_{all}, name_{name} {}

    [[noreturn]] void fail(const std::string& rule) const {
        throw Error{Errc::store_failed, fmt::format("body file {}: offset {}: {}", name_, at_, rule)};
    }
    void check_frame() {
        if (all_.size() < magic.size() || !std::equal(magic.begin(), magic.end(), all_.begin())) {
            fail("not a simulated body (the first eight bytes must be KSZBODY and version 1)");
        }
        if (all_.size() < magic.size() + digest_size) fail("cut short: no digest at the end");
        const auto kept = all_.last(digest_size);
        all_ = all_.first(all_.size() - digest_size);
        at_ = all_.size();
        if (const Bytes real = digest(all_); !std::equal(real.begin(), real.end(), kept.begin())) {
            fail("the digest at the end does not fit what stands before it (cut short or changed)");
        }
        at_ = magic.size();
    }
    bool done() const { return at_ == all_.size(); }
    char next() {
        if (all_.size() - at_ < field_head) fail("a field needs five bytes of name and length");
        const auto length = big_endian(all_.subspan(at_ + 1, 4));
        if (all_.size() - at_ - field_head < length) fail("the field is longer than the file");
        const char name = static_cast<char>(all_[at_]);
        value_ = all_.subspan(at_ + field_head, length);
        at_ += field_head + length;
        return name;
    }
    ByteView value() const { return value_; }
    Bytes bytes() const { return {value_.begin(), value_.end()}; }
    std::uint64_t number(std::size_t size) const {
        if (value_.size() != size) fail(fmt::format("the field before must have {} bytes", size));
        return big_endian(value_);
    }

private:
    ByteView all_;
    const std::string& name_;
    ByteView value_{};
    std::size_t at_ = 0;
};

Keyset decode_keyset(const Reader& in) {
    ByteView rest = in.value();
    if (rest.size() < 6) in.fail("a keyset needs at least six bytes");
    Keyset keyset{.version = rest[0], .tries = rest[1], .transport = rest[2] != 0};
    keyset.counter = static_cast<std::uint32_t>(big_endian(rest.subspan(3, 3)));
    rest = rest.subspan(6);
    for (Bytes& key : keyset.keys) {
        const std::size_t size = rest.empty() ? 0 : rest[0];
        if (size != 16 && size != 24 && size != 32) in.fail("a key must have 16, 24 or 32 bytes");
        if (rest.size() < 1 + size) in.fail("the keyset ends inside a key");
        key.assign(rest.begin() + 1, rest.begin() + 1 + static_cast<std::ptrdiff_t>(size));
        rest = rest.subspan(1 + size);
    }
    if (!rest.empty()) in.fail("bytes left over after the third key");
    return keyset;
}

Instance decode_instance(const Reader& in) {
    constexpr std::size_t privileges = 3;
    const ByteView value = in.value();
    if (value.empty()) return {};
    if (value.size() < privileges + 5 || value.size() > privileges + 16) {
        in.fail("an instance has three bytes of privileges and an AID of 5 to 16 bytes");
    }
    Instance instance;
    std::copy_n(value.begin(), privileges, instance.privileges.begin());
    instance.aid.assign(value.begin() + privileges, value.end());
    return instance;
}

void decode_file(const Reader& in, PassportState& passport) {
    const ByteView value = in.value();
    if (value.size() < 4 || value.size() > 4 + largest_file) in.fail("a file has 4 to 32771 bytes");
    StoredFile file{.size = static_cast<std::uint16_t>(big_endian(value.subspan(2, 2)))};
    file.content.assign(value.begin() + 4, value.end());
    if (file.size > file.content.size()) in.fail("a file is larger than its capacity");
    passport.files[static_cast<std::uint16_t>(big_endian(value.first(2)))] = std::move(file);
}

bool decode_passport(char name, const Reader& in, PassportState& passport) {
    switch (name) {
        case 'F':
            decode_file(in, passport);
            return true;
        case 'L':
            passport.locked = in.number(1) != 0;
            return true;
        case 'A':
            if (in.value().size() != 20) in.fail("the access seed must have 20 bytes");
            passport.access_seed = in.bytes();
            return true;
        case 'm':
            if (in.value().size() != 128) in.fail("the modulus must have 128 bytes");
            passport.aa_modulus = in.bytes();
            return true;
        case 'e':
            if (in.value().empty() || in.value().size() > 128)
                in.fail("the exponent must have 1 to 128 bytes");
            passport.aa_exponent = in.bytes();
            return true;
        case 's':
            if (in.value().size() != 32) in.fail("the scalar must have 32 bytes");
            passport.aa_scalar = in.bytes();
            return true;
        default:
            return false;
    }
}

void decode_field(char name, const Reader& in, CardState& state) {
    switch (name) {
        case 'k':
            state.kind = to_text(in.value());
            return;
        case 'n':
            state.serial = static_cast<std::uint32_t>(in.number(4));
            return;
        case 'r':
            state.seed = in.bytes();
            return;
        case 'i':
            state.scp_i = static_cast<std::uint8_t>(in.number(1));
            return;
        case 'v':
            state.scp = static_cast<std::uint8_t>(in.number(1));
            if (state.scp != 2 && state.scp != 3) in.fail("the secure channel protocol is 02 or 03");
            return;
        case 'P':
            state.passport_instance = decode_instance(in);
            return;
        case 'S':
            state.signature_instance = decode_instance(in);
            return;
        case 'I':
            state.piv_instance = decode_instance(in);
            return;
        case 'l':
            state.link = to_text(in.value());
            return;
        case 'o':
            state.open = in.number(1) != 0;
            return;
        case 'c':
            state.life_cycle = static_cast<std::uint8_t>(in.number(1));
            return;
        case 'K':
            state.keysets.push_back(decode_keyset(in));
            return;
        case 'G':
            if (const auto rule = decode_signature(in.value(), state.signature); !rule.empty()) in.fail(rule);
            return;
        case 'V':
            state.piv.emplace();
            if (const auto rule = decode_piv(in.value(), *state.piv); !rule.empty()) in.fail(rule);
            return;
        default:
            if (!decode_passport(name, in, state.passport)) in.fail("the field before has an unknown name");
    }
}

}  // namespace

Keyset* CardState::keyset(std::uint8_t version) {
    const auto found = std::find_if(keysets.begin(), keysets.end(),
                                    [version](const Keyset& keyset) { return keyset.version == version; });
    return found == keysets.end() ? nullptr : &*found;
}

Bytes encode(const CardState& state) {
    std::size_t room = 2048;
    for (const auto& [fid, file] : state.passport.files) room += file.content.size() + 16;
    Bytes out;
    out.reserve(room);
    out.insert(out.end(), magic.begin(), magic.end());
    put_field(out, 'k', to_bytes(state.kind));
    put_number(out, 'n', state.serial, 4);
    if (state.seed) put_field(out, 'r', *state.seed);
    put_number(out, 'v', state.scp, 1);
    put_number(out, 'i', state.scp_i, 1);
    put_field(out, 'l', to_bytes(state.link));
    put_number(out, 'o', state.open, 1);
    put_number(out, 'c', state.life_cycle, 1);
    for (const Keyset& keyset : state.keysets) put_field(out, 'K', encode_keyset(keyset));
    put_field(out, 'P', encode_instance(state.passport_instance));
    put_field(out, 'S', encode_instance(state.signature_instance));
    const PassportState& passport = state.passport;
    put_number(out, 'L', passport.locked, 1);
    if (!passport.access_seed.empty()) put_field(out, 'A', passport.access_seed);
    if (!passport.aa_modulus.empty()) put_field(out, 'm', passport.aa_modulus);
    if (!passport.aa_exponent.empty()) put_field(out, 'e', passport.aa_exponent);
    if (!passport.aa_scalar.empty()) put_field(out, 's', passport.aa_scalar);
    for (const auto& [fid, file] : passport.files) {
        out.push_back('F');
        append(out, big_endian(file.content.size() + 4, 4));
        append(out, big_endian(fid, 2));
        append(out, big_endian(file.size, 2));
        append(out, file.content);
    }
    put_field(out, 'G', encode_signature(state.signature));
    if (state.piv) {
        put_field(out, 'I', encode_instance(state.piv_instance));
        put_field(out, 'V', encode_piv(*state.piv));
    }
    append(out, digest(out));
    return out;
}

CardState decode(ByteView bytes, const std::string& name) {
    Reader in{bytes, name};
    in.check_frame();
    CardState state;
    while (!in.done()) {
        const char field = in.next();
        decode_field(field, in, state);
    }
    if (state.kind.empty()) in.fail("no kind");
    if (state.link.empty()) in.fail("no link");
    for (const Keyset& keyset : state.keysets) {
        if (state.des_keys() && keyset.keys[0].size() != 16) in.fail("a triple-DES key must have 16 bytes");
    }
    return state;
}

}  // namespace kartsaz::sim
