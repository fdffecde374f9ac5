// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "keys/cmp_source.h"

struct ossl_cmp_ctx_st;
struct X509_req_st;

/// One CMP transaction with OpenSSL's client. For the sources of keys/ only.
namespace kartsaz::keys {

class CmpContext {
public:
    /// @throws Error{input_invalid} naming the option that cannot be used
    explicit CmpContext(const CmpOptions& options);
    CmpContext(const CmpContext&) = delete;
    CmpContext& operator=(const CmpContext&) = delete;
    ~CmpContext();

    ossl_cmp_ctx_st* get() const { return context_; }

    struct FreeRequest {
        void operator()(X509_req_st* request) const noexcept;
    };
    using Request = std::unique_ptr<X509_req_st, FreeRequest>;
    /// @throws Error{input_invalid}
    static Request read_request(ByteView der);

    /// Throws what the failed transaction means: refused, not answered in time, not reached, not trusted.
    /// @param kept  a certificate came and is on disk: what failed is its confirmation
    [[noreturn]] void fail(const std::string& doing, bool kept = false) const;

private:
    void set_protection(const CmpOptions& options);
    void set_trust(const CmpOptions& options);
    void set_server(const CmpOptions& options);

    ossl_cmp_ctx_st* context_ = nullptr;
    std::string server_;
    int total_seconds_ = 0;
};

}  // namespace kartsaz::keys
