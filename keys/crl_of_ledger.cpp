// SPDX-License-Identifier: Apache-2.0
#include "keys/crl_of_ledger.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {

Bytes crl_of_ledger(const Issuer& issuer, CaLedger& ledger, std::int64_t now, int days,
                    const std::string& who) {
    if (days < 1 || days > 3650) {
        throw Error{Errc::usage, fmt::format("a CRL for {} days: 1 to 3650 expected", days)};
    }
    auto turn = ledger.turn();
    if (now < turn.last_crl_time()) {
        throw Error{Errc::usage, fmt::format("{}: its last CRL is of {}, later than {}: is the clock right?",
                                             who, utc_text(turn.last_crl_time()), utc_text(now))};
    }
    CrlParts parts;
    parts.issuer = issuer.name;
    parts.this_update = now;
    parts.next_update = now + std::int64_t{86400} * days;
    for (const auto& entry : turn.entries()) {
        // what expired before the last CRL was on one after its end, which is enough
        const bool told = turn.last_crl() != 0 && entry.not_after < turn.last_crl_time();
        if (entry.revoked && !told) {
            parts.revoked.push_back(
                {from_hex(entry.serial), std::min(entry.revoked->time, now), entry.revoked->reason});
        }
    }
    // a number that is lost when the key cannot be reached is only a gap; one that is used twice would be
    // worse
    const auto number = turn.number_crl(now);
    parts.extensions =
        ExtensionWriter{}.authority_key_identifier(issuer.key_identifier).crl_number(number).bytes();
    return sign_crl(crl_body(parts, issuer.form), *issuer.identity.key, issuer.form, who);
}

}  // namespace kartsaz::keys
