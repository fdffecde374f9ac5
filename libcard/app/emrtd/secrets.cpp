// SPDX-License-Identifier: Apache-2.0
// PUT DATA of the passport application: keys and passwords. Facts: docs/cards/passport.md.
#include <fmt/format.h>

#include "apdu/error.h"
#include "apdu/iso7816.h"
#include "apdu/tlv.h"
#include "libcard/app/emrtd/application.h"

namespace kartsaz::app::emrtd {
namespace {

constexpr std::uint16_t put_rsa_modulus = 0x0060;
constexpr std::uint16_t put_rsa_exponent = 0x0061;
constexpr std::uint16_t put_bac_keys = 0x0062;
constexpr std::uint16_t put_ec_aa_key = 0x0066;  // of bodies that know it; the JMRTD applet answers 6A86
constexpr std::size_t rsa_bytes = 128;
constexpr std::size_t ec_bytes = 32;

/// Makes secret data in place, so that no copy is left behind by growing.
class SecretWriter {
public:
    explicit SecretWriter(std::size_t size) { bytes_.reserve(size); }
    SecretWriter& put(std::initializer_list<std::uint8_t> head) {
        bytes_.insert(bytes_.end(), head.begin(), head.end());
        return *this;
    }
    SecretWriter& put(ByteView bytes) {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        return *this;
    }
    SecretWriter& put(const keys::SecretBytes& secret) {
        secret.reveal([&](ByteView bytes) { put(bytes); });
        return *this;
    }
    keys::SecretBytes take() { return keys::SecretBytes{std::move(bytes_)}; }

private:
    Botan::secure_vector<std::uint8_t> bytes_;
};

perso::Step secret_step(std::string id, std::string label, std::uint16_t p1p2, std::size_t size,
                        std::string names, std::size_t target) {
    perso::SecretCommand command;
    command.header = apdu::put_data(p1p2, {});
    command.data_size = size;
    command.names = std::move(names);
    perso::Step step;
    step.id = "emrtd/" + std::move(id);
    step.label = std::move(label);
    step.phase = perso::Phase::secrets;
    step.target = target;
    step.written = size;
    step.action = std::move(command);
    return step;
}

using SecretData = std::function<keys::SecretBytes(const perso::SecretAccess&)>;

void give(perso::Step& step, SecretData data) {
    std::get<perso::SecretCommand>(step.action).data = std::move(data);
}

/// 60 00 04 81 80 value: an empty object named after the part, then the value; as the applet's parser walks
/// it.
SecretData rsa_part(const Options& options, const record::Record& record, std::uint8_t tag, bool modulus) {
    return [options, &record, tag, modulus](const perso::SecretAccess& access) {
        const auto pair = aa_key(options, access.store, access.chip, record);
        SecretWriter out{5 + rsa_bytes};
        out.put({tag, 0x00, 0x04, 0x81, static_cast<std::uint8_t>(rsa_bytes)});
        return out.put(modulus ? pair.modulus : pair.exponent).take();
    };
}

void plan_aa(const Options& options, const perso::Order& order, std::size_t target, perso::Plan& plan) {
    const auto& keyset = order.keys.keyset(options.aa_keys);
    const std::string names =
        fmt::format("{} v{}{}", keyset.name, keyset.version, keyset.development ? ", DEVELOPMENT KEYS" : "");
    if (*options.active_authentication == keys::AaAlgorithm::rsa_1024) {
        auto modulus = secret_step("aa-key/modulus", "Active Authentication key: RSA modulus",
                                   put_rsa_modulus, 5 + rsa_bytes, names, target);
        give(modulus, rsa_part(options, order.record, 0x60, true));
        plan.steps.push_back(std::move(modulus));
        auto exponent = secret_step("aa-key/exponent", "Active Authentication key: RSA exponent",
                                    put_rsa_exponent, 5 + rsa_bytes, names, target);
        give(exponent, rsa_part(options, order.record, 0x61, false));
        plan.steps.push_back(std::move(exponent));
        return;
    }
    auto key = secret_step("aa-key/ec", "Active Authentication key: P-256", put_ec_aa_key, 12 + ec_bytes,
                           names, target);
    give(key, [options, &record = order.record](const perso::SecretAccess& access) {
        const auto pair = aa_key(options, access.store, access.chip, record);
        SecretWriter out{12 + ec_bytes};
        // prime256v1, then the private scalar under tag 86 as in a 7F49 template's numbering
        out.put({0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x86,
                 static_cast<std::uint8_t>(ec_bytes)});
        return out.put(pair.scalar).take();
    });
    plan.steps.push_back(std::move(key));
}

/// Document number (filled to nine), birth and expiry date, without check digits.
Bytes bac_data(const record::Record& record) {
    std::string number = record.document_number;
    if (number.size() < 9) number.append(9 - number.size(), '<');
    apdu::TlvWriter out;
    out.nest(0x62, [&](apdu::TlvWriter& inner) {
        inner.put(0x04, number).put(0x04, record.birth_date.mrz()).put(0x04, record.expiry_date.mrz());
    });
    return std::move(out).take();
}

}  // namespace

void plan_secrets(const perso::Order& order, const perso::CardState&, bool aa, bool bac, std::size_t target,
                  perso::Plan& plan) {
    const Options options = read_options(order.profile);
    if (aa && options.active_authentication) plan_aa(options, order, target, plan);
    if (!bac) return;
    auto step = secret_step("bac-keys", "BAC and PACE password", put_bac_keys, bac_data(order.record).size(),
                            "MRZ information of the record", target);
    give(step, [&record = order.record](const perso::SecretAccess&) {
        Bytes data = bac_data(record);
        keys::SecretBytes secret{ByteView{data}};
        Botan::secure_scrub_memory(data.data(), data.size());
        return secret;
    });
    plan.steps.push_back(std::move(step));
}

}  // namespace kartsaz::app::emrtd
