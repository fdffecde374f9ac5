// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <fmt/format.h>

#include <map>
#include <mutex>

#include "keys/pkcs11_api.h"

namespace kartsaz::keys {
namespace {

/// The modules of this process by path. A module that nobody uses any more is finalized and forgotten.
struct Loaded {
    std::mutex lock;
    std::map<std::string, std::weak_ptr<Pkcs11Module>, std::less<>> modules;
};
Loaded& loaded() {
    static Loaded instance;
    return instance;
}

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
    throw Error{Errc::keys_failed, fmt::format("PKCS#11 module {}: {}", path, why)};
}

}  // namespace

std::shared_ptr<Pkcs11Module> Pkcs11Module::load(const std::string& path) {
    auto& all = loaded();
    const std::lock_guard guard{all.lock};
    auto& known = all.modules[path];
    if (auto module = known.lock()) return module;
    const std::shared_ptr<Pkcs11Module> module{new Pkcs11Module{path}};
    known = module;
    return module;
}

Pkcs11Module::Pkcs11Module(std::string path) : path_{std::move(path)} {
    if (path_.empty()) {
        throw Error{Errc::usage, "the pkcs11 URI names no module: add ?module-path=/path/of/the/module.so"};
    }
    void* library = ::dlopen(path_.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == nullptr) {
        const char* reason = ::dlerror();
        refuse(path_, fmt::format("cannot be loaded: {}", reason != nullptr ? reason : "no reason given"));
    }
    auto* const entry = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
    if (entry == nullptr) refuse(path_, "it has no C_GetFunctionList; is this a PKCS#11 module?");
    CK_FUNCTION_LIST* list = nullptr;
    if (const auto rv = entry(&list); rv != CKR_OK) {
        throw Pkcs11Failure{"PKCS#11 module " + path_, "C_GetFunctionList", rv};
    }
    if (list == nullptr) refuse(path_, "C_GetFunctionList gave no list");
    // the list of version 3 begins with that of version 2
    if (list->version.major != 2 && list->version.major != 3) {
        refuse(path_, fmt::format("it speaks version {} of PKCS#11, 2 or 3 is asked for",
                                  unsigned{list->version.major}));
    }
    functions_ = list;
    check_functions();
    initialize();
}

void Pkcs11Module::check_functions() const {
    const auto& f = *functions_;
    const bool all = f.C_Initialize != nullptr && f.C_Finalize != nullptr && f.C_GetSlotList != nullptr &&
                     f.C_GetTokenInfo != nullptr && f.C_GetMechanismList != nullptr &&
                     f.C_GetMechanismInfo != nullptr && f.C_OpenSession != nullptr &&
                     f.C_CloseSession != nullptr && f.C_Login != nullptr && f.C_FindObjectsInit != nullptr &&
                     f.C_FindObjects != nullptr && f.C_FindObjectsFinal != nullptr &&
                     f.C_GetAttributeValue != nullptr && f.C_CreateObject != nullptr &&
                     f.C_DestroyObject != nullptr && f.C_SignInit != nullptr && f.C_Sign != nullptr &&
                     f.C_EncryptInit != nullptr && f.C_Encrypt != nullptr && f.C_GenerateKey != nullptr &&
                     f.C_GenerateKeyPair != nullptr && f.C_UnwrapKey != nullptr;
    if (!all) refuse(path_, "its list of functions has gaps");
}

void Pkcs11Module::initialize() {
    CK_C_INITIALIZE_ARGS arguments{};
    arguments.flags = CKF_OS_LOCKING_OK;
    auto rv = functions_->C_Initialize(&arguments);
    threads_ = rv != CKR_CANT_LOCK;
    if (!threads_) rv = functions_->C_Initialize(nullptr);
    ours_ = rv == CKR_OK;
    ++generation_;
    // other code of this process may use the module, too
    if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED) {
        throw Pkcs11Failure{"PKCS#11 module " + path_, "C_Initialize", rv};
    }
}

bool Pkcs11Module::restart(std::uint64_t seen) {
    const std::unique_lock alone{gate_};
    if (generation_ != seen) return false;
    (void)functions_->C_Finalize(nullptr);  // a module that is gone cannot be ended properly
    initialize();
    return true;
}

Pkcs11Module::~Pkcs11Module() {
    if (ours_) (void)functions_->C_Finalize(nullptr);
}

}  // namespace kartsaz::keys
