// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apdu/transport.h"
#include "keys/issuer.h"
#include "keys/key_store.h"
#include "libcard/perso/image.h"
#include "libcard/perso/material.h"
#include "libcard/perso/plan.h"
#include "libcard/perso/state.h"
#include "libcard/profile/profile.h"
#include "libcard/record/record.h"

/// What perso needs of a card application. Each lives in its own folder under libcard/app and is named in one
/// line of libcard/app/registry.cpp; perso itself knows none by name.
namespace kartsaz::perso {

/// Everything that decides what a card must hold, besides the card.
struct Order {
    /// Where there is `material`, one that holds a document number and nothing else.
    const record::Record& record;
    const profile::Profile& profile;
    const keys::KeyStore& keys;
    const keys::DocumentSigner* signer =
        nullptr;                 ///< of the key store's "document-signer"; null when a profile signs nothing
    std::int64_t now = 0;        ///< seconds since 1970: what time-stamped fields say
    KeysetNames channel_keys{};  ///< the profile's table [keys]
    bool reassign = false;       ///< a card begun for another record may be written anew
    keys::CertificateSource* certificates = nullptr;  ///< null: the profile needs no certificate
    const keys::PinMailer* mailer = nullptr;          ///< null: PIN letters are not written
    const keys::SecretBytes* holder_pin = nullptr;    ///< the holder's own PIN; null: he was not asked
    const Material* material = nullptr;               ///< null: the card is made from `record`

    Services services() const { return {keys, certificates, mailer, holder_pin}; }
    /// Names what the card is made from, for journal and receipt.
    std::string digest() const;
};

class Application {
public:
    Application() = default;
    Application(const Application&) = delete;
    Application& operator=(const Application&) = delete;
    virtual ~Application() = default;

    virtual std::string_view name() const = 0;

    /// Reads every option of its profile section, so that mistakes are found before a card is touched.
    /// @throws Error{input_invalid}
    virtual void check(const profile::Profile& profile) const = 0;

    /// What is at `path`, where this profile has the application made from that and not from a record; null
    /// where it has not. @throws Error{input_invalid} naming file, offset and rule
    virtual std::unique_ptr<Material> load_material(const profile::Profile& /*profile*/,
                                                    const std::filesystem::path& /*path*/) const {
        return nullptr;
    }

    /// Looks at the card from outside: authenticates nothing, changes nothing. Leaves its AppState, facts and
    /// what it learned of chip and channel in `state`. Applications are looked at from the profile's last to
    /// its first, so that the plan's first target is selected when this is over.
    virtual void observe(apdu::Transport& card, const Order& order, CardState& state) const = 0;

    /// Looks inside a card that is not blank, with keys that are known to answer; called in the profile's
    /// order when the journal has nothing against the chip. Does nothing where observe() told enough.
    /// @throws Error{card_refused} when it sees that the card is someone else's or not fit, in words
    virtual void look_inside(apdu::Transport& card, const Order& order, CardState& state) const = 0;

    /// Its items of the image. Pure but for signatures; what `state` holds that is as good as new (a valid
    /// signature over the same content, an earlier time stamp) is kept.
    virtual std::vector<Item> encode(const Order& order, const CardState& state) const = 0;

    /// Steps that turn `state` into `image`, which holds the items of this application and of those before it
    /// in the profile. Pure. An application that sets Plan::look_again is the last one asked for now.
    /// @throws Error{card_refused} in words when this card cannot hold what the profile asks
    virtual void plan(const Order& order, const CardImage& image, const CardState& state,
                      Plan& plan) const = 0;
};

/// The applications of a profile, in its order.
using Applications = std::vector<const Application*>;

}  // namespace kartsaz::perso
