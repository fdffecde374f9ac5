// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "keys/pkcs11_api.h"
#include "keys/pkcs11_token.h"

/// What is done inside one session of a token. For the sources of keys/ only.
namespace kartsaz::keys {

/// Attributes to search by or to make an object from. Owns the values, and wipes them.
class Template {
public:
    Template& put(CK_ATTRIBUTE_TYPE type, ByteView value);
    Template& text(CK_ATTRIBUTE_TYPE type, std::string_view value);
    Template& number(CK_ATTRIBUTE_TYPE type, CK_ULONG value);
    Template& flag(CK_ATTRIBUTE_TYPE type, bool value);
    /// Valid until the next change.
    std::vector<CK_ATTRIBUTE> attributes();

private:
    struct Entry {
        CK_ATTRIBUTE_TYPE type;
        Botan::secure_vector<std::uint8_t> value;
    };
    std::deque<Entry> entries_;
};

/// An object by what it is called; empty parts are any.
struct ObjectName {
    CK_OBJECT_CLASS object_class;
    std::string label;
    Bytes id{};

    std::string text() const;  ///< "private key \"csca\""
    Template find() const;
};

/// A session, for the time of one operation. Every length that the module gives is checked.
class Session {
public:
    Session(const CK_FUNCTION_LIST& functions, CK_SESSION_HANDLE handle, const std::string& where,
            std::uint64_t generation)
        : f_{functions}, handle_{handle}, where_{where}, generation_{generation} {}

    /// @throws Pkcs11Failure
    void check(CK_RV rv, const char* function) const;
    const CK_FUNCTION_LIST& functions() const { return f_; }
    CK_SESSION_HANDLE handle() const { return handle_; }
    const std::string& where() const { return where_; }
    /// Handles of objects are void in another one.
    std::uint64_t generation() const { return generation_; }

    /// At most 4096. @throws Error{keys_failed} for more
    std::vector<CK_OBJECT_HANDLE> find(Template wanted) const;
    /// The only object of this name. @throws Error{keys_failed} when there is none, or several
    CK_OBJECT_HANDLE only(const ObjectName& name) const;

    /// @throws Error{keys_failed} when it is longer than 64 KiB
    Bytes attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;
    SecretBytes secret_attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;
    /// Empty where the object has none, or none that it gives out.
    std::optional<Bytes> attribute_if(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;
    CK_ULONG number(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;
    bool flag(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, bool when_absent) const;

    /// C_SignInit and C_Sign. The answer has `size` bytes, or the module lies.
    Bytes sign(CK_MECHANISM_TYPE mechanism, CK_OBJECT_HANDLE key, ByteView data, std::size_t size) const;
    /// The answer has as many bytes as `blocks`.
    SecretBytes encrypt(CK_MECHANISM_TYPE mechanism, CK_OBJECT_HANDLE key, ByteView blocks) const;

private:
    Botan::secure_vector<std::uint8_t> read(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;

    const CK_FUNCTION_LIST& f_;
    CK_SESSION_HANDLE handle_;
    const std::string& where_;
    std::uint64_t generation_;
};

/// An object that is used again and again: looked up by name once per start of the module.
class KnownObject {
public:
    explicit KnownObject(ObjectName name) : name_{std::move(name)} {}
    CK_OBJECT_HANDLE in(const Session& session) const;
    const ObjectName& name() const { return name_; }

private:
    ObjectName name_;
    mutable std::mutex lock_;
    mutable std::uint64_t generation_ = 0;
    mutable CK_OBJECT_HANDLE handle_ = 0;
};

enum class Access { read, write };
/// Runs `work` in a session of the pool (writing: in one of its own). When the module or the token was away,
/// it is started anew and `work` runs once more, so work can be repeated. Not to be nested.
void in_session(const Pkcs11Token& token, Access access, const std::function<void(const Session&)>& work);

/// The same for work with an answer.
template <typename Work>
auto from_session(const Pkcs11Token& token, Access access, Work&& work) {
    std::optional<decltype(work(std::declval<const Session&>()))> out;
    in_session(token, access, [&](const Session& session) { out.emplace(work(session)); });
    return std::move(*out);
}

/// @throws Error{keys_failed} naming the mechanism when the token does not list it with `use` (CKF_SIGN, ..)
void require_mechanism(const Pkcs11Token& token, CK_MECHANISM_TYPE mechanism, CK_FLAGS use,
                       std::string_view what_for);
bool has_mechanism(const Pkcs11Token& token, CK_MECHANISM_TYPE mechanism, CK_FLAGS use);

}  // namespace kartsaz::keys
