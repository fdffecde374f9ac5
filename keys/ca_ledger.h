// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "apdu/bytes.h"

/// What a certificate authority has issued and revoked: the one thing it must never forget.
namespace kartsaz::keys {

struct Revocation {
    std::int64_t time = 0;  ///< seconds since 1970
    int reason = 0;         ///< RFC 5280, 5.3.1
};

struct LedgerEntry {
    std::string serial;   ///< upper-case hexadecimal
    std::string chip;     ///< empty for document signers and CAs
    std::string slot;     ///< "signature", "authentication"; "document-signer", "ca"
    std::string key;      ///< SHA-256 of the SubjectPublicKeyInfo, hexadecimal
    std::string content;  ///< what makes two orders ask for the same; empty for none
    std::string subject;  ///< one line, for people
    std::int64_t not_before = 0, not_after = 0;
    std::int64_t issued = 0;
    std::optional<Revocation> revoked{};

    bool valid_at(std::int64_t time) const { return !revoked && time <= not_after; }
};

/// An append-only file, one JSON object a line: the CA, "issued", "revoked" and "crl" events. Every event is
/// on disk before its function returns. Several processes may use it: each operation is one Turn, which
/// begins with what the others wrote. Without a file it is in memory only, for benches and trials.
class CaLedger {
public:
    /// To be read only: the file must be there, and is left as it is.
    enum class Use { write, read };
    /// @param authority  SHA-256 of the CA's SubjectPublicKeyInfo, hexadecimal: a ledger is of one CA
    explicit CaLedger(std::string authority);
    /// @throws Error{store_failed} when it cannot be read, a line in it is broken (named by its number), or
    /// it
    ///         is another CA's
    CaLedger(std::string authority, const std::filesystem::path& file, Use use = Use::write);
    ~CaLedger();
    CaLedger(const CaLedger&) = delete;
    CaLedger& operator=(const CaLedger&) = delete;

    /// Exclusive use, until it goes out of scope. Pointers are good until something is issued.
    class Turn {
    public:
        explicit Turn(CaLedger& ledger);
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn();

        const std::vector<LedgerEntry>& entries() const;  ///< in the order of issue
        const LedgerEntry* by_serial(const std::string& serial) const;
        /// Every certificate of this key, oldest first.
        std::vector<const LedgerEntry*> of_key(const std::string& key) const;
        /// Every certificate of this chip's slot, oldest first.
        std::vector<const LedgerEntry*> of_slot(const std::string& chip, const std::string& slot) const;
        /// DER. @throws Error{store_failed}
        Bytes certificate(const LedgerEntry& entry) const;
        std::uint64_t last_crl() const;      ///< its number; 0 when there was none
        std::int64_t last_crl_time() const;  ///< seconds since 1970

        /// Revocations of `superseded` and the new certificate, in this order, in one write: what is torn
        /// leaves no two valid ones.
        void issue(const LedgerEntry& entry, ByteView certificate,
                   const std::vector<const LedgerEntry*>& superseded);
        void revoke(const LedgerEntry& entry, const Revocation& revocation);
        /// The number of the next CRL is taken. @returns it
        std::uint64_t number_crl(std::int64_t time);

    private:
        struct Held;
        CaLedger& ledger_;
        std::unique_ptr<Held> held_;
    };
    Turn turn() { return Turn{*this}; }

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace kartsaz::keys
