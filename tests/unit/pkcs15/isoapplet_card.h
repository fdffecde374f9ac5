// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apdu/transport.h"
#include "keys/certificate_request.h"
#include "keys/secret.h"
#include "libcard/app/pkcs15/objects.h"
#include "libcard/app/pkcs15/read.h"
#include "libcard/sim/body.h"
#include "pki.h"

/// Simulated bodies with a signature application on them, and readings of them.
namespace kartsaz::test {

/// What the application wants done to a blank card, command by command.
class SignatureCard {
public:
    explicit SignatureCard(const std::string& kind = "isoapplet");
    ~SignatureCard();
    SignatureCard(SignatureCard&&) noexcept;

    sim::Body& body() { return *body_; }
    apdu::Transport& card() { return *card_; }

    /// Selects, and sets PUK and PIN of a card that has none.
    void set_pin(const std::string& pin);
    /// VERIFY; what the card answered.
    apdu::StatusWord verify(const std::string& pin);
    Bytes generate(keys::KeyAlgorithm algorithm, std::uint8_t reference);
    void create(std::uint16_t fid, std::size_t size, const std::string& acl = "FF90FFFFFF909000");
    void create_df(std::uint16_t fid);
    void write(std::uint16_t fid, const Bytes& content);
    /// Tries left, as the card says.
    unsigned tries();
    /// Power off and on.
    void restart();

    app::DumpApplication read(const app::pkcs15::ReadOptions& options = {});
    app::DumpApplication read_with(const std::string& pin);

private:
    std::unique_ptr<sim::Body> body_;
    std::unique_ptr<apdu::Transport> card_;
};

/// A secret of a text.
keys::SecretBytes secret(const std::string& text);

/// How the files of a finished card stand.
struct CardLayout {
    bool dir = true;                 ///< EF.DIR names the DF
    bool relative = false;           ///< paths of two bytes
    bool under_mf = false;           ///< no DF 5015 at all
    std::size_t spare = 40;          ///< bytes of padding behind each content
    bool direct_public_key = false;  ///< inside EF.PuKDF
    std::uint32_t usage = app::pkcs15::usage_sign;
    keys::KeyAlgorithm algorithm = keys::KeyAlgorithm::ec_p256;
};
/// A card with one key, its public key and a certificate of a test CA. PIN 483920.
struct FinishedCard {
    SignatureCard card;
    Bytes public_key;
    Bytes certificate;
};
FinishedCard finished_card(const CardLayout& layout, const std::string& kind = "isoapplet");
/// The CA of every certificate here; valid around `time_of_tests`.
const Identity& test_ca();
constexpr std::int64_t time_of_tests = 1'790'000'000;

/// What pkcs15-init did to a blank body, replayed, its two keys and the certificate being the card's own:
/// those of the trace were made by another chip. PIN 1234.
FinishedCard card_of_pkcs15_init();

}  // namespace kartsaz::test
