// SPDX-License-Identifier: Apache-2.0
// A PKCS#11 module before SoftHSM that counts calls, fails when told to, dies under its users, and lies:
//   sign-length        bytes added to the length of each signature
//   sign-bit           1: a bit of each signature is turned over
//   encrypt-bit        1: a bit of each encryption is turned over
//   encrypt-length     the length that each encryption is said to have
//   attribute-length   the length that the next attribute asked for is said to have, when it is asked without
//   a
//                      buffer (attribute-type chooses which; 0: any)
//   attribute-grows    1: the second, real answer is said to be longer than the buffer
//   number-size        1: attributes that are numbers come as 4 bytes
//   find-count         what C_FindObjects says it found
//   find-endless       1: C_FindObjects never comes to an end
//   slots              how many slots there are said to be
//   mechanisms         how many mechanisms there are said to be
//   hide-mechanism     a mechanism that is left out of the list
//   pin-flags          flags added to those of the token
//   cannot-lock        1: C_Initialize says CKR_CANT_LOCK when it is given arguments
//
// In a program that knows nothing of it, the environment tells it what to do:
//   KARTSAZ_WRAPPED        path of SoftHSM
//   KARTSAZ_WRAPPER_LOG    file that gets a line for each call, its function
//   KARTSAZ_WRAPPER_KILL   "C_Sign:3": SIGKILL before that call; "C_Sign:3:after": when it is done
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>

namespace {

struct Fault {
    unsigned nth = 0;    ///< counted down; 0: none
    unsigned times = 1;  ///< how many calls fail from then on
    CK_RV rv = CKR_OK;
    bool die = false;
};

struct State {
    std::recursive_mutex lock;
    std::shared_mutex gate;
    std::string real_path;
    CK_FUNCTION_LIST* real = nullptr;
    std::map<std::string, unsigned> calls;
    std::map<std::string, Fault> faults;
    std::map<std::string, unsigned long> lies;
    std::optional<CK_RV> dead;
};
State& state() {
    static State instance;
    return instance;
}

unsigned long lie(const char* about) {
    const std::lock_guard guard{state().lock};
    const auto found = state().lies.find(about);
    return found == state().lies.end() ? 0 : found->second;
}

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

void kill_when(const char* function, const char* moment) {
    const auto wanted = variable("KARTSAZ_WRAPPER_KILL");
    if (wanted.empty()) return;
    const std::lock_guard guard{state().lock};
    if (wanted == std::string{function} + ":" + std::to_string(state().calls[function]) + moment)
        ::raise(SIGKILL);
}

void log_call(const char* function) {
    if (const auto file = variable("KARTSAZ_WRAPPER_LOG"); !file.empty())
        std::ofstream{file, std::ios::app} << function << '\n';
}

/// Held for the time of a call, so that SoftHSM is ended between calls and not inside one.
class Call {
public:
    /// Counts the call. With rv(): the function returns that and does nothing.
    explicit Call(const char* function) : function_{function} {
        const auto fault = due(function);
        log_call(function);
        kill_when(function, "");
        if (fault && fault->die) {
            const std::unique_lock alone{state().gate};
            (void)state().real->C_Finalize(nullptr);
            const std::lock_guard guard{state().lock};
            state().dead = fault->rv;
            rv_ = fault->rv;
            return;
        }
        gate_ = std::shared_lock{state().gate};
        const std::lock_guard guard{state().lock};
        rv_ = state().dead ? state().dead : fault ? std::optional{fault->rv} : std::nullopt;
    }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    ~Call() { kill_when(function_, ":after"); }
    const std::optional<CK_RV>& rv() const { return rv_; }

private:
    static std::optional<Fault> due(const char* function) {
        const std::lock_guard guard{state().lock};
        ++state().calls[function];
        if (state().dead) return std::nullopt;
        auto& fault = state().faults[function];
        if (fault.nth == 0 || --fault.nth != 0) return std::nullopt;
        if (!fault.die && --fault.times > 0) fault.nth = 1;
        return fault;
    }

    const char* function_;
    std::shared_lock<std::shared_mutex> gate_;
    std::optional<CK_RV> rv_;
};

CK_FUNCTION_LIST& real() {
    return *state().real;
}

CK_RV initialize(void* arguments) {
    if (lie("cannot-lock") != 0 && arguments != nullptr) return CKR_CANT_LOCK;
    {
        const std::lock_guard guard{state().lock};
        if (state().dead) return CKR_CRYPTOKI_ALREADY_INITIALIZED;  // ended first, as after a crash
    }
    const Call call{"C_Initialize"};
    if (call.rv()) return *call.rv();
    return real().C_Initialize(arguments);
}

CK_RV finalize(void* reserved) {
    const std::lock_guard guard{state().lock};
    ++state().calls["C_Finalize"];
    if (state().dead) {
        state().dead.reset();
        return CKR_OK;
    }
    return real().C_Finalize(reserved);
}

CK_RV get_slot_list(unsigned char present, CK_SLOT_ID* slots, CK_ULONG* count) {
    const Call call{"C_GetSlotList"};
    if (call.rv()) return *call.rv();
    const auto rv = real().C_GetSlotList(present, slots, count);
    if (lie("slots") != 0) *count = lie("slots");
    return rv;
}

CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO* info) {
    const Call call{"C_GetTokenInfo"};
    if (call.rv()) return *call.rv();
    const auto rv = real().C_GetTokenInfo(slot, info);
    info->flags |= lie("pin-flags");
    return rv;
}

CK_RV get_mechanism_list(CK_SLOT_ID slot, CK_MECHANISM_TYPE* list, CK_ULONG* count) {
    const Call call{"C_GetMechanismList"};
    if (call.rv()) return *call.rv();
    const auto rv = real().C_GetMechanismList(slot, list, count);
    if (rv != CKR_OK) return rv;
    if (list != nullptr && lie("hide-mechanism") != 0) {
        *count = static_cast<CK_ULONG>(std::remove(list, list + *count, lie("hide-mechanism")) - list);
    }
    if (lie("mechanisms") != 0) *count = lie("mechanisms");
    return rv;
}

CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void* application, CK_NOTIFY notify,
                   CK_SESSION_HANDLE* session) {
    const Call call{"C_OpenSession"};
    if (call.rv()) return *call.rv();
    return real().C_OpenSession(slot, flags, application, notify, session);
}

CK_RV close_session(CK_SESSION_HANDLE session) {
    const Call call{"C_CloseSession"};
    if (call.rv()) return *call.rv();
    return real().C_CloseSession(session);
}

CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, unsigned char* pin, CK_ULONG size) {
    const Call call{"C_Login"};
    if (call.rv()) return *call.rv();
    return real().C_Login(session, user, pin, size);
}

CK_RV find_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE* wanted, CK_ULONG count) {
    const Call call{"C_FindObjectsInit"};
    if (call.rv()) return *call.rv();
    return real().C_FindObjectsInit(session, wanted, count);
}

CK_RV find(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE* objects, CK_ULONG most, CK_ULONG* count) {
    const Call call{"C_FindObjects"};
    if (call.rv()) return *call.rv();
    const auto rv = real().C_FindObjects(session, objects, most, count);
    if (lie("find-count") != 0) *count = lie("find-count");
    if (lie("find-endless") != 0) *count = most;
    return rv;
}

CK_RV get_attribute(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* list, CK_ULONG count) {
    const Call call{"C_GetAttributeValue"};
    if (call.rv()) return *call.rv();
    const bool asked = list->pValue == nullptr;
    const auto room = list->ulValueLen;
    const auto rv = real().C_GetAttributeValue(session, object, list, count);
    if (rv != CKR_OK) return rv;
    const bool chosen = lie("attribute-type") == 0 || lie("attribute-type") == list->type;
    if (asked && chosen && lie("attribute-length") != 0) list->ulValueLen = lie("attribute-length");
    if (!asked && chosen && lie("attribute-grows") != 0) list->ulValueLen = room + 1000;
    if (!asked && lie("number-size") != 0 && list->ulValueLen == sizeof(CK_ULONG)) list->ulValueLen = 4;
    return rv;
}

CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM* how, CK_OBJECT_HANDLE key) {
    const Call call{"C_SignInit"};
    if (call.rv()) return *call.rv();
    return real().C_SignInit(session, how, key);
}

CK_RV sign(CK_SESSION_HANDLE session, unsigned char* data, CK_ULONG size, unsigned char* out,
           CK_ULONG* out_size) {
    const Call call{"C_Sign"};
    if (call.rv()) return *call.rv();
    const auto rv = real().C_Sign(session, data, size, out, out_size);
    if (rv != CKR_OK || out == nullptr) return rv;
    if (lie("sign-bit") != 0) out[*out_size - 1] = static_cast<unsigned char>(out[*out_size - 1] ^ 1U);
    *out_size += lie("sign-length");
    return rv;
}

CK_RV encrypt_init(CK_SESSION_HANDLE session, CK_MECHANISM* how, CK_OBJECT_HANDLE key) {
    const Call call{"C_EncryptInit"};
    if (call.rv()) return *call.rv();
    return real().C_EncryptInit(session, how, key);
}

CK_RV encrypt(CK_SESSION_HANDLE session, unsigned char* data, CK_ULONG size, unsigned char* out,
              CK_ULONG* out_size) {
    const Call call{"C_Encrypt"};
    if (call.rv()) return *call.rv();
    const auto rv = real().C_Encrypt(session, data, size, out, out_size);
    if (rv == CKR_OK && lie("encrypt-bit") != 0) out[0] = static_cast<unsigned char>(out[0] ^ 1U);
    if (lie("encrypt-length") != 0) *out_size = lie("encrypt-length");
    return rv;
}

CK_RV create(CK_SESSION_HANDLE session, CK_ATTRIBUTE* list, CK_ULONG count, CK_OBJECT_HANDLE* object) {
    const Call call{"C_CreateObject"};
    if (call.rv()) return *call.rv();
    return real().C_CreateObject(session, list, count, object);
}

CK_RV generate_key(CK_SESSION_HANDLE session, CK_MECHANISM* how, CK_ATTRIBUTE* list, CK_ULONG count,
                   CK_OBJECT_HANDLE* key) {
    const Call call{"C_GenerateKey"};
    if (call.rv()) return *call.rv();
    return real().C_GenerateKey(session, how, list, count, key);
}

CK_RV generate_pair(CK_SESSION_HANDLE session, CK_MECHANISM* how, CK_ATTRIBUTE* open_list,
                    CK_ULONG open_count, CK_ATTRIBUTE* closed_list, CK_ULONG closed_count,
                    CK_OBJECT_HANDLE* open_half, CK_OBJECT_HANDLE* closed_half) {
    const Call call{"C_GenerateKeyPair"};
    if (call.rv()) return *call.rv();
    return real().C_GenerateKeyPair(session, how, open_list, open_count, closed_list, closed_count, open_half,
                                    closed_half);
}

CK_RV set_attribute(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* list, CK_ULONG count) {
    const Call call{"C_SetAttributeValue"};
    if (call.rv()) return *call.rv();
    return real().C_SetAttributeValue(session, object, list, count);
}

CK_RV unwrap(CK_SESSION_HANDLE session, CK_MECHANISM* how, CK_OBJECT_HANDLE under, unsigned char* wrapped,
             CK_ULONG size, CK_ATTRIBUTE* list, CK_ULONG count, CK_OBJECT_HANDLE* key) {
    const Call call{"C_UnwrapKey"};
    if (call.rv()) return *call.rv();
    return real().C_UnwrapKey(session, how, under, wrapped, size, list, count, key);
}

CK_FUNCTION_LIST wrapped() {
    CK_FUNCTION_LIST out = real();
    out.C_Initialize = initialize;
    out.C_Finalize = finalize;
    out.C_GetSlotList = get_slot_list;
    out.C_GetTokenInfo = get_token_info;
    out.C_GetMechanismList = get_mechanism_list;
    out.C_OpenSession = open_session;
    out.C_CloseSession = close_session;
    out.C_Login = login;
    out.C_FindObjectsInit = find_init;
    out.C_FindObjects = find;
    out.C_GetAttributeValue = get_attribute;
    out.C_SignInit = sign_init;
    out.C_Sign = sign;
    out.C_EncryptInit = encrypt_init;
    out.C_Encrypt = encrypt;
    out.C_CreateObject = create;
    out.C_GenerateKey = generate_key;
    out.C_GenerateKeyPair = generate_pair;
    out.C_SetAttributeValue = set_attribute;
    out.C_UnwrapKey = unwrap;
    return out;
}

void load(const std::string& path) {
    if (state().real != nullptr) return;
    void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == nullptr) return;
    auto* const entry = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
    (void)entry(&state().real);
}

}  // namespace

extern "C" {

CK_RV C_GetFunctionList(CK_FUNCTION_LIST** list) {
    load(variable("KARTSAZ_WRAPPED"));
    if (state().real == nullptr) return CKR_GENERAL_ERROR;
    static CK_FUNCTION_LIST functions = wrapped();
    *list = &functions;
    return CKR_OK;
}

void wrapper_reset(const char* path) {
    const std::lock_guard guard{state().lock};
    state().calls.clear();
    state().faults.clear();
    state().lies.clear();
    state().dead.reset();
    load(path);
}

void wrapper_fail(const char* function, unsigned nth, unsigned long rv, unsigned times) {
    const std::lock_guard guard{state().lock};
    state().faults[function] = {nth, times, rv, false};
}

void wrapper_die(const char* function, unsigned nth, unsigned long rv) {
    const std::lock_guard guard{state().lock};
    state().faults[function] = {nth, 1, rv, true};
}

void wrapper_lie(const char* about, unsigned long value) {
    const std::lock_guard guard{state().lock};
    state().lies[about] = value;
}

unsigned wrapper_calls(const char* function) {
    const std::lock_guard guard{state().lock};
    return state().calls[function];
}

}  // extern "C"
