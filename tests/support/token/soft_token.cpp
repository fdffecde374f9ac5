// SPDX-License-Identifier: Apache-2.0
#include "tests/support/token/soft_token.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <p11-kit/pkcs11.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace kartsaz::test {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view user_pin = "correct-7319", officer_pin = "officer-5528";

void done(CK_RV rv, const char* doing) {
    if (rv != CKR_OK) throw std::runtime_error{fmt::format("{}: {:08X}", doing, rv)};
}

CK_BYTE* bytes(std::string_view text) {
    return reinterpret_cast<CK_BYTE*>(const_cast<char*>(text.data()));
}

/// Takes the first slot that holds no token yet, and makes one.
void initialize_token(const CK_FUNCTION_LIST& f, const std::string& label) {
    CK_ULONG count = 0;
    done(f.C_GetSlotList(CK_TRUE, nullptr, &count), "C_GetSlotList");
    std::vector<CK_SLOT_ID> slots(count);
    done(f.C_GetSlotList(CK_TRUE, slots.data(), &count), "C_GetSlotList");
    for (const auto slot : slots) {
        CK_TOKEN_INFO info{};
        done(f.C_GetTokenInfo(slot, &info), "C_GetTokenInfo");
        if ((info.flags & CKF_TOKEN_INITIALIZED) != 0) continue;
        std::string padded = label;
        padded.resize(32, ' ');
        done(f.C_InitToken(slot, bytes(officer_pin), officer_pin.size(), bytes(padded)), "C_InitToken");
        CK_SESSION_HANDLE session = 0;
        done(f.C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session),
             "C_OpenSession");
        done(f.C_Login(session, CKU_SO, bytes(officer_pin), officer_pin.size()), "C_Login");
        done(f.C_InitPIN(session, bytes(user_pin), user_pin.size()), "C_InitPIN");
        done(f.C_CloseSession(session), "C_CloseSession");
        return;
    }
    throw std::runtime_error{"SoftHSM has no free slot"};
}

}  // namespace

std::string SoftToken::module() {
    return KARTSAZ_SOFTHSM;
}

bool SoftToken::available() {
    if (!module().empty()) return true;
    fmt::print(stderr, "SoftHSM 2 is not installed (package softhsm2): nothing is tested here\n");
    return false;
}

SoftToken::SoftToken(const std::string& label) : label_{label} {
    auto name = (fs::temp_directory_path() / "kartsaz-token-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{name + ": cannot be made"};
    folder_ = name;
    fs::create_directory(folder_ / "tokens");
    std::ofstream{folder_ / "softhsm2.conf"} << "directories.tokendir = " << (folder_ / "tokens").string()
                                             << "\nobjectstore.backend = file\nlog.level = ERROR\n";
    ::setenv("SOFTHSM2_CONF", (folder_ / "softhsm2.conf").c_str(), 1);
    add(label);
}

SoftToken::~SoftToken() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

void SoftToken::add(const std::string& label) const {
    void* library = ::dlopen(module().c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == nullptr) throw std::runtime_error{::dlerror()};
    auto* const entry = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
    CK_FUNCTION_LIST* f = nullptr;
    done(entry(&f), "C_GetFunctionList");
    done(f->C_Initialize(nullptr), "C_Initialize");
    try {
        initialize_token(*f, label);
    } catch (...) {
        (void)f->C_Finalize(nullptr);
        throw;
    }
    done(f->C_Finalize(nullptr), "C_Finalize");
}

void SoftToken::finalize() {
    void* library = ::dlopen(module().c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) throw std::runtime_error{module() + " cannot be loaded"};
    CK_FUNCTION_LIST* functions = nullptr;
    done(reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"))(&functions),
         "C_GetFunctionList");
    done(functions->C_Finalize(nullptr), "C_Finalize");
    ::dlclose(library);
}

keys::Pkcs11Uri SoftToken::uri() const {
    return keys::parse_pkcs11_uri(fmt::format("pkcs11:token={}?module-path={}", label_, module()));
}

keys::SecretBytes SoftToken::pin() {
    return keys::SecretBytes{to_bytes(user_pin)};
}

std::shared_ptr<keys::Pkcs11Token> SoftToken::open(bool wrapped, unsigned sessions) const {
    auto where = uri();
    if (wrapped) where.module_path = Wrapper::path();
    return keys::Pkcs11Token::open(where, pin(), {false, sessions});
}

namespace {

template <typename Function>
Function control(void* library, const char* name) {
    void* const symbol = ::dlsym(library, name);
    if (symbol == nullptr) throw std::runtime_error{fmt::format("{}: not there", name)};
    return reinterpret_cast<Function>(symbol);
}

}  // namespace

Wrapper::Wrapper() : library_{::dlopen(path().c_str(), RTLD_NOW | RTLD_LOCAL)} {
    if (library_ == nullptr) throw std::runtime_error{::dlerror()};
    control<void (*)(const char*)>(library_, "wrapper_reset")(SoftToken::module().c_str());
}

Wrapper::~Wrapper() {
    control<void (*)(const char*)>(library_, "wrapper_reset")(SoftToken::module().c_str());
}

std::string Wrapper::path() {
    return KARTSAZ_WRAPPING_MODULE;
}

void Wrapper::fail(const char* function, unsigned nth, unsigned long rv, unsigned times) const {
    control<void (*)(const char*, unsigned, unsigned long, unsigned)>(library_, "wrapper_fail")(function, nth,
                                                                                                rv, times);
}

void Wrapper::die(const char* function, unsigned nth, unsigned long rv) const {
    control<void (*)(const char*, unsigned, unsigned long)>(library_, "wrapper_die")(function, nth, rv);
}

void Wrapper::lie(const char* about, unsigned long value) const {
    control<void (*)(const char*, unsigned long)>(library_, "wrapper_lie")(about, value);
}

unsigned Wrapper::calls(const char* function) const {
    return control<unsigned (*)(const char*)>(library_, "wrapper_calls")(function);
}

}  // namespace kartsaz::test
