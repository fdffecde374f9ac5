// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/pkcs15/layout.h"

#include <algorithm>

#include "apdu/error.h"
#include "apdu/tlv.h"
#include "keys/card_identity.h"
#include "libcard/app/pkcs15/seen_objects.h"

namespace kartsaz::app::pkcs15 {
namespace {

const Bytes pin_auth_id{0x01};

Bytes absolute(std::uint16_t fid) {
    return concat({big_endian(fid_mf, 2), big_endian(fid_df, 2), big_endian(fid, 2)});
}

Bytes df_path() {
    return concat({big_endian(fid_mf, 2), big_endian(fid_df, 2)});
}

/// The objects of a directory file, without the padding behind them; it was decoded before.
Bytes objects_in(ByteView file) {
    apdu::TlvReader in{file, "directory file"};
    std::size_t end = 0;
    while (end < file.size() && file[end] != 0x00 && file[end] != 0xFF) {
        in.next();
        end = in.offset();
    }
    return {file.begin(), file.begin() + static_cast<std::ptrdiff_t>(end)};
}

/// `ours` and what is there besides; `seen` itself when nothing would change.
template <typename Object, typename Stands>
Bytes merged(std::vector<Object> (*decode)(ByteView), Bytes (*encode)(const std::vector<Object>&),
             ByteView seen, std::vector<Object> ours, Stands&& stands_for) {
    auto objects = there(decode, seen);
    const bool all = std::ranges::all_of(ours, [&](const Object& one) {
        return std::ranges::count_if(objects, [&](const Object& o) { return stands_for(one, o); }) == 1 &&
               std::ranges::find(objects, one) != objects.end();
    });
    if (all) return objects_in(seen);
    std::erase_if(objects, [&](const Object& o) {
        return std::ranges::any_of(ours, [&](const Object& one) { return stands_for(one, o); });
    });
    ours.insert(ours.end(), objects.begin(), objects.end());
    return encode(ours);
}

Bytes odf_content(ByteView seen) {
    const std::vector<OdfEntry> ours{
        {Directory::authentication, {absolute(fid_aodf), {}, {}}},
        {Directory::private_keys, {absolute(fid_prkdf), {}, {}}},
        {Directory::public_keys, {absolute(fid_pukdf), {}, {}}},
        {Directory::certificates, {absolute(fid_cdf), {}, {}}},
    };
    return merged(&decode_odf, &encode_odf, seen, ours,
                  [](const OdfEntry& a, const OdfEntry& b) { return a.directory == b.directory; });
}

Bytes token_info(const Options& options, const std::string& identity, ByteView seen) {
    TokenInfo wanted;
    wanted.serial = keys::card_serial(identity);
    wanted.manufacturer = options.manufacturer;
    wanted.label = options.label;
    wanted.flags = 0x04;  // the card makes random numbers
    if (!seen.empty()) {
        try {
            TokenInfo now = decode_token_info(seen);
            now.last_update.clear();  // others note there when they added something
            if (now == wanted) return without_padding(seen, "EF.TokenInfo");
        } catch (const Error& error) {
            if (error.code() != Errc::input_invalid) throw;
        }
    }
    return encode_token_info(wanted);
}

Bytes aodf_content(const Options& options, ByteView seen) {
    PinObject pin;
    pin.common.label = "PIN";
    pin.common.flags = 0x03;
    pin.auth_id = pin_auth_id;
    pin.flags = pin_case_sensitive | pin_initialized | pin_needs_padding;
    pin.type = 1;
    pin.min_length = options.pin.min;
    pin.stored_length = stored_pin_length;
    pin.max_length = options.pin.max;
    pin.reference = pin_reference;
    pin.pad_char = 0x00;
    return merged(&decode_aodf, &encode_aodf, seen, std::vector<PinObject>{pin},
                  [](const PinObject& a, const PinObject& b) {
                      return a.auth_id == b.auth_id || a.reference == b.reference;
                  });
}

Bytes dir_content(const Options& options, ByteView seen) {
    const std::vector<DirEntry> ours{{pkcs15_aid, options.label, df_path()}};
    return merged(&decode_dir, &encode_dir, seen, ours,
                  [](const DirEntry& a, const DirEntry& b) { return a.aid == b.aid || a.path == b.path; });
}

KeyType type_of(const Slot& slot) {
    return is_rsa(slot.algorithm) ? KeyType::rsa : KeyType::ec;
}

PrivateKeyObject private_key(const SlotContent& content) {
    const Slot& slot = *content.slot;
    PrivateKeyObject out;
    out.common = {slot.label, 0x03, pin_auth_id, {}};
    out.type = type_of(slot);
    out.id = keys::key_identifier(content.public_key);
    out.usage = usage_sign;
    if (slot.purpose == Purpose::signature) out.usage |= usage_non_repudiation;
    out.access = access_sensitive | access_always_sensitive | access_never_extractable | access_local;
    out.reference = slot.reference;
    out.path.path = df_path();
    out.size_bits = key_bits(slot.algorithm);
    return out;
}

PublicKeyObject public_key(const SlotContent& content) {
    const Slot& slot = *content.slot;
    PublicKeyObject out;
    out.common = {slot.label, 0x02, {}, {}};
    out.type = type_of(slot);
    out.id = keys::key_identifier(content.public_key);
    out.usage = usage_verify;
    out.native = false;
    out.reference = slot.reference;
    out.path = Path{absolute(slot.public_key_fid()), {}, {}};
    if (is_rsa(slot.algorithm)) out.size_bits = key_bits(slot.algorithm);
    return out;
}

CertificateObject certificate(const SlotContent& content) {
    CertificateObject out;
    out.common = {content.slot->label, 0x02, {}, {}};
    out.id = keys::key_identifier(content.public_key);
    out.path = Path{absolute(content.certificate_fid), {}, {}};
    return out;
}

/// The certificate file of the slot that an object's path names.
std::optional<std::uint16_t> file_of(const Slot& slot, const std::optional<Path>& path) {
    if (!path) return std::nullopt;
    for (const auto fid : slot.certificate_fids()) {
        if (path->path == absolute(fid)) return fid;
    }
    return std::nullopt;
}

/// True when an object's path is one of the slot's certificate files, and none that another's object has.
bool is_of(const SlotContent& content, const std::optional<Path>& path) {
    const auto fid = file_of(*content.slot, path);
    return fid && std::ranges::find(content.held, *fid) == content.held.end();
}

}  // namespace

const std::vector<Layout>& static_files() {
    static const std::vector<Layout> files{
        {fid_odf, "EF.ODF", "Object directory", 128},
        {fid_token_info, "EF.TokenInfo", "Token information", 224},
        {fid_aodf, "EF.AODF", "PINs", 256},
    };
    return files;
}

const std::vector<Layout>& key_directories() {
    static const std::vector<Layout> files{
        {fid_pukdf, "EF.PuKDF", "Directory of public keys", 512},
        {fid_prkdf, "EF.PrKDF", "Directory of private keys", 512},
        {fid_cdf, "EF.CDF", "Directory of certificates", 512},
    };
    return files;
}

const Layout& dir_file() {
    static const Layout file{fid_dir, "EF.DIR", "Applications on the card", 192};
    return file;
}

const Layout& layout_of(std::uint16_t fid) {
    for (const auto* list : {&static_files(), &key_directories()}) {
        const auto found = std::ranges::find(*list, fid, &Layout::fid);
        if (found != list->end()) return *found;
    }
    return dir_file();
}

Bytes static_content(std::uint16_t fid, const Options& options, const std::string& identity, ByteView seen) {
    switch (fid) {
        case fid_odf:
            return odf_content(seen);
        case fid_token_info:
            return token_info(options, identity, seen);
        case fid_aodf:
            return aodf_content(options, seen);
        default:
            return dir_content(options, seen);
    }
}

Bytes directory_content(std::uint16_t fid, const std::vector<SlotContent>& slots, const Options&,
                        ByteView seen) {
    const auto all = [&](auto make) {
        std::vector<decltype(make(slots.front()))> out;
        for (const auto& slot : slots) out.push_back(make(slot));
        return out;
    };
    // What others hold of a slot was refused before (key_origin.h). Their objects for a key of ours, such as
    // a certificate of another CA in a file of its own, stay.
    if (fid == fid_prkdf) {
        return merged(&decode_prkdf, &encode_prkdf, seen, all(private_key), [](const auto& a, const auto& b) {
            return a.id == b.id || (a.reference == b.reference && a.common.label == b.common.label);
        });
    }
    if (fid == fid_pukdf) {
        return merged(&decode_pukdf, &encode_pukdf, seen, all(public_key),
                      [](const auto& a, const auto& b) { return a.path == b.path; });
    }
    const auto of_slot = [&](const CertificateObject& a, const CertificateObject& b) {
        return std::ranges::any_of(
            slots, [&](const SlotContent& s) { return is_of(s, a.path) && is_of(s, b.path); });
    };
    return merged(&decode_cdf, &encode_cdf, seen, all(certificate), of_slot);
}

std::size_t count_objects(std::uint16_t fid, ByteView content) {
    if (fid == fid_prkdf) return there(&decode_prkdf, content).size();
    return fid == fid_pukdf ? there(&decode_pukdf, content).size() : there(&decode_cdf, content).size();
}

}  // namespace kartsaz::app::pkcs15
