// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "keys/pkcs11_api.h"

namespace kartsaz::keys {
namespace {

struct Known {
    CK_RV rv;
    std::string_view text;
};

constexpr Known codes[] = {
    {CKR_HOST_MEMORY, "CKR_HOST_MEMORY (no memory)"},
    {CKR_SLOT_ID_INVALID, "CKR_SLOT_ID_INVALID (the slot is gone)"},
    {CKR_GENERAL_ERROR, "CKR_GENERAL_ERROR (the module does not say what failed)"},
    {CKR_FUNCTION_FAILED, "CKR_FUNCTION_FAILED (the module does not say what failed)"},
    {CKR_ARGUMENTS_BAD, "CKR_ARGUMENTS_BAD"},
    {CKR_CANT_LOCK, "CKR_CANT_LOCK"},
    {CKR_ATTRIBUTE_READ_ONLY, "CKR_ATTRIBUTE_READ_ONLY"},
    {CKR_ATTRIBUTE_SENSITIVE, "CKR_ATTRIBUTE_SENSITIVE (the token does not give it out)"},
    {CKR_ATTRIBUTE_TYPE_INVALID, "CKR_ATTRIBUTE_TYPE_INVALID (the object has no such attribute)"},
    {CKR_ATTRIBUTE_VALUE_INVALID, "CKR_ATTRIBUTE_VALUE_INVALID"},
    {CKR_DATA_INVALID, "CKR_DATA_INVALID"},
    {CKR_DATA_LEN_RANGE, "CKR_DATA_LEN_RANGE"},
    {CKR_DEVICE_ERROR, "CKR_DEVICE_ERROR (the token does not work)"},
    {CKR_DEVICE_MEMORY, "CKR_DEVICE_MEMORY (the token is full)"},
    {CKR_DEVICE_REMOVED, "CKR_DEVICE_REMOVED (the token was taken away)"},
    {CKR_FUNCTION_NOT_SUPPORTED, "CKR_FUNCTION_NOT_SUPPORTED"},
    {CKR_KEY_HANDLE_INVALID, "CKR_KEY_HANDLE_INVALID"},
    {CKR_KEY_SIZE_RANGE, "CKR_KEY_SIZE_RANGE (the token does not take keys of this size)"},
    {CKR_KEY_TYPE_INCONSISTENT, "CKR_KEY_TYPE_INCONSISTENT"},
    {CKR_KEY_FUNCTION_NOT_PERMITTED,
     "CKR_KEY_FUNCTION_NOT_PERMITTED (the attributes of the key do not allow it)"},
    {CKR_MECHANISM_INVALID, "CKR_MECHANISM_INVALID (the token does not know this mechanism)"},
    {CKR_MECHANISM_PARAM_INVALID, "CKR_MECHANISM_PARAM_INVALID"},
    {CKR_OBJECT_HANDLE_INVALID, "CKR_OBJECT_HANDLE_INVALID"},
    {CKR_OPERATION_ACTIVE, "CKR_OPERATION_ACTIVE"},
    {CKR_OPERATION_NOT_INITIALIZED, "CKR_OPERATION_NOT_INITIALIZED"},
    {CKR_PIN_INCORRECT, "CKR_PIN_INCORRECT (the PIN is wrong)"},
    {CKR_PIN_INVALID, "CKR_PIN_INVALID (the PIN has characters that the token does not take)"},
    {CKR_PIN_LEN_RANGE, "CKR_PIN_LEN_RANGE (the PIN is too short or too long)"},
    {CKR_PIN_EXPIRED, "CKR_PIN_EXPIRED (the PIN must be changed first)"},
    {CKR_PIN_LOCKED, "CKR_PIN_LOCKED (the PIN is locked)"},
    {CKR_SESSION_CLOSED, "CKR_SESSION_CLOSED"},
    {CKR_SESSION_COUNT, "CKR_SESSION_COUNT (the token has no free session)"},
    {CKR_SESSION_HANDLE_INVALID, "CKR_SESSION_HANDLE_INVALID"},
    {CKR_SESSION_READ_ONLY, "CKR_SESSION_READ_ONLY"},
    {CKR_TEMPLATE_INCOMPLETE, "CKR_TEMPLATE_INCOMPLETE"},
    {CKR_TEMPLATE_INCONSISTENT, "CKR_TEMPLATE_INCONSISTENT"},
    {CKR_TOKEN_NOT_PRESENT, "CKR_TOKEN_NOT_PRESENT (the token is not there)"},
    {CKR_TOKEN_NOT_RECOGNIZED, "CKR_TOKEN_NOT_RECOGNIZED"},
    {CKR_TOKEN_WRITE_PROTECTED, "CKR_TOKEN_WRITE_PROTECTED"},
    {CKR_USER_ALREADY_LOGGED_IN, "CKR_USER_ALREADY_LOGGED_IN"},
    {CKR_USER_NOT_LOGGED_IN, "CKR_USER_NOT_LOGGED_IN"},
    {CKR_USER_PIN_NOT_INITIALIZED, "CKR_USER_PIN_NOT_INITIALIZED (no user PIN is set)"},
    {CKR_USER_ANOTHER_ALREADY_LOGGED_IN, "CKR_USER_ANOTHER_ALREADY_LOGGED_IN"},
    {CKR_USER_TOO_MANY_TYPES, "CKR_USER_TOO_MANY_TYPES"},
    {CKR_BUFFER_TOO_SMALL, "CKR_BUFFER_TOO_SMALL"},
    {CKR_CRYPTOKI_NOT_INITIALIZED, "CKR_CRYPTOKI_NOT_INITIALIZED (the module was ended)"},
    {CKR_CRYPTOKI_ALREADY_INITIALIZED, "CKR_CRYPTOKI_ALREADY_INITIALIZED"},
};

}  // namespace

std::string rv_text(CK_RV rv) {
    for (const auto& code : codes) {
        if (code.rv == rv) return std::string{code.text};
    }
    return fmt::format("return value {:08X}", rv);
}

std::string mechanism_text(CK_MECHANISM_TYPE mechanism) {
    switch (mechanism) {
        case CKM_AES_CMAC:
            return "CKM_AES_CMAC";
        case CKM_AES_ECB:
            return "CKM_AES_ECB";
        case CKM_AES_KEY_GEN:
            return "CKM_AES_KEY_GEN";
        case CKM_DES3_ECB:
            return "CKM_DES3_ECB";
        case CKM_DES2_KEY_GEN:
            return "CKM_DES2_KEY_GEN";
        case CKM_ECDSA:
            return "CKM_ECDSA";
        case CKM_EC_KEY_PAIR_GEN:
            return "CKM_EC_KEY_PAIR_GEN";
        case CKM_RSA_PKCS:
            return "CKM_RSA_PKCS";
        case CKM_RSA_PKCS_OAEP:
            return "CKM_RSA_PKCS_OAEP";
        case CKM_RSA_PKCS_KEY_PAIR_GEN:
            return "CKM_RSA_PKCS_KEY_PAIR_GEN";
        default:
            return fmt::format("mechanism {:08X}", mechanism);
    }
}

Pkcs11Failure::Pkcs11Failure(const std::string& where, const char* function, CK_RV rv)
    : Error{Errc::keys_failed, fmt::format("{}: {}: {}", where, function, rv_text(rv))}, rv_{rv} {}

bool Pkcs11Failure::lost() const noexcept {
    switch (rv_) {
        case CKR_SLOT_ID_INVALID:
        case CKR_GENERAL_ERROR:    // what network modules say when their connection is gone
        case CKR_FUNCTION_FAILED:  // the same
        case CKR_DEVICE_ERROR:
        case CKR_DEVICE_REMOVED:
        case CKR_KEY_HANDLE_INVALID:
        case CKR_OBJECT_HANDLE_INVALID:
        case CKR_SESSION_CLOSED:
        case CKR_SESSION_HANDLE_INVALID:
        case CKR_TOKEN_NOT_PRESENT:
        case CKR_TOKEN_NOT_RECOGNIZED:
        case CKR_USER_NOT_LOGGED_IN:
        case CKR_CRYPTOKI_NOT_INITIALIZED:
            return true;
        default:
            return false;
    }
}

void module_lies(const std::string& where, const char* function, const std::string& how) {
    throw Error{Errc::keys_failed,
                fmt::format("{}: {}: the module breaks the rules of PKCS#11: {}", where, function, how)};
}

std::string field_text(ByteView field) {
    std::string out;
    for (const auto c : field) {
        if (c == 0) break;  // some modules end the text instead of filling it with blanks
        out += c < 0x20 || c == 0x7F ? '?' : static_cast<char>(c);
    }
    out.erase(std::find_if(out.rbegin(), out.rend(), [](char c) { return c != ' '; }).base(), out.end());
    return out;
}

}  // namespace kartsaz::keys
