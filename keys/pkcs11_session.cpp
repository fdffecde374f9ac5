// SPDX-License-Identifier: Apache-2.0
#include "keys/pkcs11_session.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

namespace kartsaz::keys {
namespace {

using Secure = Botan::secure_vector<std::uint8_t>;

constexpr std::size_t most_objects = 4096, most_attribute = 65536;

/// PKCS#11 takes what it only reads through pointers that are not const.
CK_BYTE* unconst(ByteView bytes) {
    return const_cast<CK_BYTE*>(bytes.data());
}

std::string class_text(CK_OBJECT_CLASS object_class) {
    switch (object_class) {
        case CKO_PRIVATE_KEY:
            return "private key";
        case CKO_PUBLIC_KEY:
            return "public key";
        case CKO_SECRET_KEY:
            return "secret key";
        case CKO_CERTIFICATE:
            return "certificate";
        case CKO_DATA:
            return "data object";
        default:
            return "object";
    }
}

}  // namespace

Template& Template::put(CK_ATTRIBUTE_TYPE type, ByteView value) {
    entries_.push_back({type, Secure(value.begin(), value.end())});
    return *this;
}

Template& Template::text(CK_ATTRIBUTE_TYPE type, std::string_view value) {
    return put(type, to_bytes(value));
}

Template& Template::number(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
    std::array<std::uint8_t, sizeof value> raw{};
    std::memcpy(raw.data(), &value, sizeof value);
    return put(type, raw);
}

Template& Template::flag(CK_ATTRIBUTE_TYPE type, bool value) {
    const CK_BBOOL raw = value ? CK_TRUE : CK_FALSE;
    return put(type, ByteView{&raw, 1});
}

std::vector<CK_ATTRIBUTE> Template::attributes() {
    std::vector<CK_ATTRIBUTE> out;
    for (auto& entry : entries_) out.push_back({entry.type, entry.value.data(), entry.value.size()});
    return out;
}

std::string ObjectName::text() const {
    auto out = fmt::format("{} \"{}\"", class_text(object_class), label);
    if (!id.empty()) out += fmt::format(" with id {}", to_hex(id));
    return out;
}

Template ObjectName::find() const {
    Template out;
    out.number(CKA_CLASS, object_class);
    if (!label.empty()) out.text(CKA_LABEL, label);
    if (!id.empty()) out.put(CKA_ID, id);
    return out;
}

CK_OBJECT_HANDLE KnownObject::in(const Session& session) const {
    const std::lock_guard guard{lock_};
    if (generation_ != session.generation()) {
        handle_ = session.only(name_);
        generation_ = session.generation();
    }
    return handle_;
}

void Session::check(CK_RV rv, const char* function) const {
    if (rv != CKR_OK) throw Pkcs11Failure{where_, function, rv};
}

std::vector<CK_OBJECT_HANDLE> Session::find(Template wanted) const {
    auto attributes = wanted.attributes();
    check(f_.C_FindObjectsInit(handle_, attributes.data(), attributes.size()), "C_FindObjectsInit");
    std::vector<CK_OBJECT_HANDLE> out;
    for (;;) {
        std::array<CK_OBJECT_HANDLE, 64> block{};
        CK_ULONG got = 0;
        check(f_.C_FindObjects(handle_, block.data(), block.size(), &got), "C_FindObjects");
        if (got > block.size()) {
            module_lies(where_, "C_FindObjects", fmt::format("{} objects of {}", got, block.size()));
        }
        if (got == 0) break;
        out.insert(out.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(got));
        if (out.size() > most_objects) {
            module_lies(where_, "C_FindObjects", "more than 4096 objects of one name, or a list without end");
        }
    }
    check(f_.C_FindObjectsFinal(handle_), "C_FindObjectsFinal");
    return out;
}

CK_OBJECT_HANDLE Session::only(const ObjectName& name) const {
    const auto found = find(name.find());
    if (found.size() == 1) return found.front();
    if (found.empty()) throw Error{Errc::keys_failed, fmt::format("{}: no {}", where_, name.text())};
    std::string ids;
    for (const auto object : found) {
        ids += (ids.empty() ? "" : ", ") + to_hex(attribute_if(object, CKA_ID).value_or(Bytes{}));
    }
    throw Error{Errc::keys_failed,
                fmt::format("{}: {} objects {} (ids: {}); which one is meant cannot be told", where_,
                            found.size(), name.text(), ids)};
}

Secure Session::read(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
    CK_ATTRIBUTE attribute{type, nullptr, 0};
    check(f_.C_GetAttributeValue(handle_, object, &attribute, 1), "C_GetAttributeValue");
    const CK_ULONG size = attribute.ulValueLen;
    if (size > most_attribute) {
        module_lies(
            where_, "C_GetAttributeValue",
            fmt::format("attribute {:X} of {} bytes, {} are taken at most", type, size, most_attribute));
    }
    Secure out(size);
    attribute.pValue = out.data();
    if (size == 0) return out;
    check(f_.C_GetAttributeValue(handle_, object, &attribute, 1), "C_GetAttributeValue");
    if (attribute.ulValueLen > size) {
        module_lies(where_, "C_GetAttributeValue",
                    fmt::format("attribute {:X} of {} bytes, then of {}", type, size, attribute.ulValueLen));
    }
    out.resize(attribute.ulValueLen);
    return out;
}

Bytes Session::attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
    const auto value = read(object, type);
    return {value.begin(), value.end()};
}

SecretBytes Session::secret_attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
    return SecretBytes{read(object, type)};
}

std::optional<Bytes> Session::attribute_if(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
    try {
        return attribute(object, type);
    } catch (const Pkcs11Failure& failure) {
        if (failure.rv() == CKR_ATTRIBUTE_TYPE_INVALID || failure.rv() == CKR_ATTRIBUTE_SENSITIVE) {
            return std::nullopt;
        }
        throw;
    }
}

CK_ULONG Session::number(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
    const auto raw = read(object, type);
    CK_ULONG out = 0;
    if (raw.size() != sizeof out) {
        module_lies(where_, "C_GetAttributeValue",
                    fmt::format("attribute {:X}, a number, of {} bytes", type, raw.size()));
    }
    std::memcpy(&out, raw.data(), sizeof out);
    return out;
}

bool Session::flag(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, bool when_absent) const {
    const auto raw = attribute_if(object, type);
    if (!raw) return when_absent;
    if (raw->size() != 1) {
        module_lies(where_, "C_GetAttributeValue",
                    fmt::format("attribute {:X}, a truth value, of {} bytes", type, raw->size()));
    }
    return raw->front() != CK_FALSE;
}

Bytes Session::sign(CK_MECHANISM_TYPE mechanism, CK_OBJECT_HANDLE key, ByteView data,
                    std::size_t size) const {
    CK_MECHANISM how{mechanism, nullptr, 0};
    check(f_.C_SignInit(handle_, &how, key), "C_SignInit");
    // room for an answer that is too long, so that it is noticed and not cut off
    Bytes out(size + 64);
    CK_ULONG got = out.size();
    check(f_.C_Sign(handle_, unconst(data), data.size(), out.data(), &got), "C_Sign");
    if (got != size) {
        module_lies(where_, "C_Sign",
                    fmt::format("{} gave {} bytes, {} expected", mechanism_text(mechanism), got, size));
    }
    out.resize(size);
    return out;
}

SecretBytes Session::encrypt(CK_MECHANISM_TYPE mechanism, CK_OBJECT_HANDLE key, ByteView blocks) const {
    CK_MECHANISM how{mechanism, nullptr, 0};
    check(f_.C_EncryptInit(handle_, &how, key), "C_EncryptInit");
    Secure out(blocks.size() + 64);
    CK_ULONG got = out.size();
    check(f_.C_Encrypt(handle_, unconst(blocks), blocks.size(), out.data(), &got), "C_Encrypt");
    if (got != blocks.size()) {
        module_lies(
            where_, "C_Encrypt",
            fmt::format("{} gave {} bytes, {} expected", mechanism_text(mechanism), got, blocks.size()));
    }
    out.resize(blocks.size());
    return SecretBytes{std::move(out)};
}

}  // namespace kartsaz::keys
