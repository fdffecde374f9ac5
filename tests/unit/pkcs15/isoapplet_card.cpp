// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/pkcs15/isoapplet_card.h"

#include "apdu/error.h"
#include "apdu/exchanger.h"
#include "apdu/iso7816.h"
#include "libcard/app/pkcs15/commands.h"
#include "libcard/reader/sim_transport.h"
#include "tests/support/vectors.h"

namespace kartsaz::test {
namespace {

namespace p15 = app::pkcs15;

constexpr std::int64_t day = 86'400;
constexpr std::size_t block = 200;

Bytes must(apdu::Transport& card, const apdu::CommandApdu& command, const char* doing) {
    apdu::Exchanger whole{card};
    return apdu::expect(whole.transmit(command), doing).data;
}

Bytes padded(const std::string& pin) {
    Bytes out = to_bytes(pin);
    out.resize(p15::stored_pin_length, 0);
    return out;
}

Bytes certificate_for(ByteView public_key) {
    CertificateWish wish;
    wish.common_name = "Card Holder";
    wish.not_before = time_of_tests - day;
    wish.not_after = time_of_tests + 365 * day;
    wish.key_usage = "critical,digitalSignature,nonRepudiation";
    wish.public_key = Bytes(public_key.begin(), public_key.end());
    return Identity{wish, &test_ca()}.certificate();
}

}  // namespace

const Identity& test_ca() {
    static const Identity ca = [] {
        CertificateWish wish;
        wish.common_name = "Test CA";
        wish.not_before = time_of_tests - 1'000 * day;
        wish.not_after = time_of_tests + 1'000 * day;
        wish.ca = true;
        wish.key_usage = "critical,keyCertSign,cRLSign";
        return Identity{wish, nullptr};
    }();
    return ca;
}

keys::SecretBytes secret(const std::string& text) {
    return keys::SecretBytes{ByteView{to_bytes(text)}};
}

SignatureCard::SignatureCard(const std::string& kind) {
    sim::NewBody wish;
    wish.kind = kind;
    wish.seed = Bytes(32, 0x15);
    body_ = sim::Body::create(wish);
    card_ = reader::sim_transport(*body_);
    card_->transmit(apdu::select_aid(p15::applet_aid));
}
SignatureCard::~SignatureCard() = default;
SignatureCard::SignatureCard(SignatureCard&&) noexcept = default;

void SignatureCard::set_pin(const std::string& pin) {
    auto puk = p15::set_reference_header(p15::puk_reference);
    puk.data = to_bytes("1234567812345678");
    must(*card_, puk, "PUK");
    auto command = p15::set_reference_header(p15::pin_reference);
    command.data = to_bytes(pin);
    must(*card_, command, "PIN");
    if (!verify(pin).ok()) throw Error{Errc::internal, "the PIN just set is refused"};
}

apdu::StatusWord SignatureCard::verify(const std::string& pin) {
    auto command = p15::verify_header();
    command.data = padded(pin);
    return card_->transmit(command).sw;
}

Bytes SignatureCard::generate(keys::KeyAlgorithm algorithm, std::uint8_t reference) {
    must(*card_, p15::mse_generate(algorithm, reference), "MSE");
    const bool extended = card_->limits().extended();
    const Bytes answer = must(*card_, p15::generate(algorithm, extended), "GENERATE");
    return p15::public_key_from_answer(answer, keys::name(algorithm));
}

void SignatureCard::create_df(std::uint16_t fid) {
    must(*card_, p15::create_df(fid, from_hex("FF00000000000090")), "create DF");
}

void SignatureCard::create(std::uint16_t fid, std::size_t size, const std::string& acl) {
    must(*card_, p15::create_ef(fid, size, from_hex(acl)), "create EF");
}

void SignatureCard::write(std::uint16_t fid, const Bytes& content) {
    must(*card_, p15::select_fid(fid), "select");
    for (std::size_t at = 0; at < content.size(); at += block) {
        const auto size = std::min(block, content.size() - at);
        must(*card_, apdu::update_binary(at, ByteView{content}.subspan(at, size)), "update");
    }
}

unsigned SignatureCard::tries() {
    return card_->transmit(p15::pin_status()).sw.tries_left().value_or(99);
}

void SignatureCard::restart() {
    card_->reset();
    card_->transmit(apdu::select_aid(p15::applet_aid));
}

app::DumpApplication SignatureCard::read(const p15::ReadOptions& options) {
    card_->reset();
    auto application = p15::read_application(*card_, options);
    if (!application) throw Error{Errc::internal, "no signature application"};
    card_->transmit(apdu::select_aid(p15::applet_aid));
    return std::move(*application);
}

app::DumpApplication SignatureCard::read_with(const std::string& pin) {
    const auto holder = secret(pin);
    p15::ReadOptions options;
    options.pin = &holder;
    return read(options);
}

FinishedCard finished_card(const CardLayout& layout, const std::string& kind) {
    SignatureCard card{kind};
    card.set_pin("483920");
    const auto path = [&](std::uint16_t fid) {
        if (layout.relative) return big_endian(fid, 2);
        return concat({from_hex(layout.under_mf ? "3F00" : "3F005015"), big_endian(fid, 2)});
    };
    const auto put = [&](std::uint16_t fid, Bytes content) {
        must(card.card(), p15::select_fid(layout.under_mf || fid == p15::fid_dir ? p15::fid_mf : p15::fid_df),
             "select DF");
        content.resize(content.size() + layout.spare, 0);
        card.create(fid, content.size());
        card.write(fid, content);
    };
    if (!layout.under_mf) {
        must(card.card(), p15::select_fid(p15::fid_mf), "select MF");
        card.create_df(p15::fid_df);
    }
    const Bytes key = card.generate(layout.algorithm, 2);
    const bool rsa = p15::is_rsa(layout.algorithm);
    const Bytes certificate = certificate_for(key);
    const Bytes id = keys::key_identifier(key);

    if (layout.dir) put(p15::fid_dir, p15::encode_dir({{p15::pkcs15_aid, "test", from_hex("3F005015")}}));
    put(p15::fid_odf, p15::encode_odf({{p15::Directory::authentication, {path(p15::fid_aodf), {}, {}}},
                                       {p15::Directory::private_keys, {path(p15::fid_prkdf), {}, {}}},
                                       {p15::Directory::public_keys, {path(p15::fid_pukdf), {}, {}}},
                                       {p15::Directory::certificates, {path(p15::fid_cdf), {}, {}}}}));
    p15::TokenInfo token;
    token.serial = {1, 2, 3, 4};
    put(p15::fid_token_info, p15::encode_token_info(token));
    p15::PinObject pin;
    pin.auth_id = {1};
    pin.flags = p15::pin_case_sensitive | p15::pin_initialized | p15::pin_needs_padding;
    pin.reference = 1;
    put(p15::fid_aodf, p15::encode_aodf({pin}));
    p15::PrivateKeyObject secret_key;
    secret_key.common = {"signature", 3, {1}, {}};
    secret_key.type = rsa ? p15::KeyType::rsa : p15::KeyType::ec;
    secret_key.id = id;
    secret_key.usage = layout.usage;
    secret_key.access = p15::access_sensitive | p15::access_always_sensitive | p15::access_never_extractable |
                        p15::access_local;
    secret_key.reference = 2;
    secret_key.path.path = path(p15::fid_df);
    secret_key.size_bits = p15::key_bits(layout.algorithm);
    put(p15::fid_prkdf, p15::encode_prkdf({secret_key}));
    p15::PublicKeyObject listed;
    listed.common.label = "signature";
    listed.type = secret_key.type;
    listed.id = id;
    listed.usage = p15::usage_verify;
    listed.size_bits = secret_key.size_bits;
    if (layout.direct_public_key) {
        listed.direct = p15::public_key_file(key);
    } else {
        listed.path = p15::Path{path(p15::fid_public_key), {}, {}};
        put(p15::fid_public_key, p15::public_key_file(key));
    }
    put(p15::fid_pukdf, p15::encode_pukdf({listed}));
    p15::CertificateObject named;
    named.common.label = "signature/1";
    named.id = id;
    named.path = p15::Path{path(p15::fid_certificate), {}, {}};
    put(p15::fid_cdf, p15::encode_cdf({named}));
    put(p15::fid_certificate, certificate);
    card.restart();
    return {std::move(card), key, certificate};
}

FinishedCard card_of_pkcs15_init() {
    SignatureCard card{"isoapplet-v0"};
    std::vector<Bytes> made;
    for (const auto& vector : vectors("isoapplet_trace", "apdu-trace")) {
        for (const auto& step : vector.data.at("apdus")) {
            const auto command = apdu::decode_command(from_hex(step.at("c").get<std::string>()));
            const Bytes answer = must(card.card(), command, "a command of pkcs15-init");
            if (command.ins == 0x46) made.push_back(answer);
        }
        break;
    }
    const Bytes rsa = p15::public_key_from_answer(made.at(0), "rsa-2048");
    const Bytes ec = p15::public_key_from_answer(made.at(1), "ec-p256");
    Bytes certificate = certificate_for(rsa);
    card.write(p15::fid_public_key, p15::public_key_file(rsa));
    card.write(p15::fid_public_key + 1, p15::public_key_file(ec));
    Bytes file = certificate;
    file.resize(825, 0);  // as long as the one of the trace
    card.write(p15::fid_certificate, file);
    card.restart();
    return {std::move(card), rsa, certificate};
}

}  // namespace kartsaz::test
