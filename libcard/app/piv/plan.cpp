// SPDX-License-Identifier: Apache-2.0
// From what the card holds to what it must hold. Order of a blank card: management key first, so that nobody
// else can go on with it; PUK and PIN; key pairs; certificates, each proved by its key; objects; the CHUID,
// which stands for what is behind the PIN; the CCC last, which says that all was there once.
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/crypto.h"
#include "keys/issuer.h"
#include "libcard/app/piv/contents.h"
#include "libcard/app/piv/key_commands.h"
#include "libcard/app/piv/plan_steps.h"

namespace kartsaz::app::piv {
namespace {

using Owner = Management::Owner;

/// Trying the last try would leave the holder with a blocked card if it failed.
constexpr unsigned fewest_tries = 2;

class Planner {
public:
    Planner(const perso::Order& order, const perso::CardState& card, const State& own, const Options& options,
            perso::Plan& plan)
        : order_{order},
          card_{card},
          own_{own},
          options_{options},
          plan_{plan},
          issuer_{order.certificates == nullptr ? Bytes{} : order.certificates->issuer_certificate()},
          latest_{latest_end(order.certificates)} {}

    void operator()() {
        refuse_unfit();
        for (const auto& slot : options_.slots) works_.push_back(work_of(slot));
        choose_objects();
        const bool keys = std::ranges::any_of(works_, &SlotWork::is_work);
        if (!keys && objects_.empty() && own_.stage == Stage::complete) return;
        Steps steps{order_, card_, own_, options_, plan_};
        steps.upkeep(is_upkeep());
        steps.authenticate();
        if (own_.management.owner == Owner::factory) steps.set_management_key();
        if (own_.stage != Stage::complete) {
            if (!own_.puk_data || own_.puk_data->factory.value_or(true)) steps.set_puk();
            steps.set_pin();
        }
        plan_keys(steps);
        plan_objects(steps);
    }

private:
    [[noreturn]] void refuse(const std::string& why, Errc code = Errc::card_refused) const {
        throw Error{code, fmt::format("{}. Profile {} cannot be written; nothing was written", why,
                                      order_.profile.name)};
    }

    void refuse_unfit() const {
        if (own_.stage == Stage::absent) {
            refuse(fmt::format("there is no PIV application on this card (SELECT: SW {:04X})",
                               own_.select_sw.value()));
        }
        if (own_.management.owner == Owner::unknown) {
            refuse(
                "the card's management key (9B) is neither the maker's nor ours for this chip or document: "
                "others began this card, or it was begun for another document");
        }
        if (own_.stage == Stage::blank) refuse_used();
        if (!own_.contents.refusal.empty()) refuse(own_.contents.refusal);
        for (const auto& slot : options_.slots) {
            if (!own_.capability.makes(slot.algorithm)) {
                refuse(fmt::format("key {:02X}, {}: {} does not make such keys", slot.reference,
                                   keys::name(slot.algorithm), own_.capability.name()));
            }
            if (!own_.capability.room(*container_of_id(slot.container))) {
                refuse(fmt::format("{}: {} has no place for it", container_of_id(slot.container)->name,
                                   own_.capability.name()));
            }
        }
    }

    /// The maker's management key, and somebody has used the card all the same.
    void refuse_used() const {
        const auto changed = [](const std::optional<Metadata>& data) {
            return data && !data->factory.value_or(true);
        };
        if (changed(own_.pin_data) || changed(own_.puk_data)) {
            refuse(
                "the card's PIN or PUK was changed, and its management key is the maker's: others began "
                "this card");
        }
        const auto tries = own_.puk_data ? own_.puk_data->tries_left : std::nullopt;
        if (tries && *tries < fewest_tries) refuse("the card's PUK has its last try left, or is blocked");
        // our own cards get our management key before anything else
        if (const auto others = own_.issued(); !others.empty()) {
            refuse(
                fmt::format("the card holds {}, which this station did not write: its management key is the "
                            "maker's, so others began this card; it is never overwritten",
                            in_words(others)));
        }
    }

    SlotWork work_of(const Slot& slot) const {
        SlotWork work;
        work.slot = slot;
        work.wanted = certificate_template(order_, options_, own_.contents, slot);
        find_key(work);
        if (work.public_key.empty()) {
            work.make_key = work.certify = true;
        } else {
            refuse_other_algorithm(work);
            choose_certificate(work);
        }
        if (work.certify) refuse_uncertifiable(work);
        return work;
    }

    /// Only a key that the station saw the card make is gone on with. On a card that was never finished any
    /// other is made anew.
    void find_key(SlotWork& work) const {
        const auto told = own_.keys.find(work.slot.reference);
        work.certificate = certificate_of_slot(work.slot, own_);
        if (work.certificate && !is_proved(*work.certificate)) work.certificate.reset();
        Bytes key;
        if (told != own_.keys.end()) {
            key = told->second.public_key;
        } else if (work.certificate && !own_.has_metadata()) {
            key = work.certificate->says.public_key;
        }
        if (work.certificate && work.certificate->says.public_key != key) work.certificate.reset();
        const bool imported = told != own_.keys.end() && told->second.imported;
        if (!key.empty() && !imported && is_of_the_card(key, work)) {
            work.public_key = std::move(key);
            return;
        }
        work.certificate.reset();
        const Bytes* value = own_.object(work.slot.container);
        const bool there = told != own_.keys.end() || (value != nullptr && !value->empty());
        if (own_.stage == Stage::complete && there) {
            refuse(
                fmt::format("key {:02X} of this finished card is none that this station saw the card make, "
                            "nor one that its CA certified; a holder's key is never made anew by itself",
                            work.slot.reference));
        }
    }

    /// A certificate that was torn inside its signature looks whole otherwise. One of a CA before today's is
    /// believed on a card that was finished.
    bool is_proved(const SeenCertificate& one) const {
        if (keys::is_signed_by(one.der, issuer_)) return true;
        if (own_.stage != Stage::complete) return false;
        return issuer_.empty() ||
               keys::certificate_facts(one.der).issuer != keys::certificate_facts(issuer_).subject;
    }

    bool is_of_the_card(const Bytes& key, const SlotWork& work) const {
        if (std::ranges::count(card_.books.made_keys, to_hex(keys::sha256(key))) > 0) return true;
        if (order_.certificates != nullptr && order_.certificates->knows(key)) return true;
        if (!work.certificate) return false;
        const auto& one = *work.certificate;
        if (keys::is_signed_by(one.der, issuer_)) return true;
        return !keys::is_signed_by(one.der, one.der) && one.says.uri == work.wanted.uri;
    }

    void refuse_other_algorithm(const SlotWork& work) const {
        const auto kind = keys::algorithm_of(work.public_key);
        if (kind == work.slot.algorithm) return;
        refuse(
            fmt::format("key {:02X} on the card is {}, the profile asks for {}: a holder's key is never made "
                        "anew by itself",
                        work.slot.reference, kind ? keys::name(*kind) : "of another kind",
                        keys::name(work.slot.algorithm)));
    }

    void choose_certificate(SlotWork& work) const {
        if (!work.certificate) {
            work.certify = true;
            return;
        }
        const bool stands =
            order_.certificates == nullptr || order_.certificates->stands(work.certificate->der);
        work.reason =
            stands ? judge(work.certificate->says, work.wanted, options_, latest_) : Judgement::other;
        work.certify = work.reason != Judgement::good;
    }

    void refuse_uncertifiable(const SlotWork& work) const {
        if (work.wanted.not_after <= order_.now) {
            refuse("the document's expiry date has passed, so no certificate can be valid",
                   Errc::input_invalid);
        }
        if (order_.certificates == nullptr) {
            refuse(fmt::format("key {:02X} needs a certificate, and no issuer of certificates is named",
                               work.slot.reference),
                   Errc::keys_failed);
        }
    }

    /// What the card does not hold as it must: what can be read is compared, the CHUID stands for the rest.
    void choose_objects() {
        const auto& contents = own_.contents;
        for (const auto& [id, value] : contents.values) {
            const bool readable = container_of_id(id)->read == ReadAccess::always;
            const Bytes* there = own_.object(id);
            const bool same = readable ? there != nullptr && *there == value : contents.kept;
            if (!same && id != id_chuid && id != id_ccc) objects_.push_back(id);
        }
        for (const auto id : {id_chuid, id_ccc}) {
            const Bytes* there = own_.object(id);
            const auto wanted = contents.values.find(id);
            if (wanted != contents.values.end() && (there == nullptr || *there != wanted->second))
                objects_.push_back(id);
        }
    }

    /// A complete card on which nothing but time has made a difference.
    bool is_upkeep() const {
        return own_.stage == Stage::complete && objects_.empty() &&
               std::ranges::all_of(works_, [](const SlotWork& work) {
                   return !work.make_key && (!work.certify || work.reason == Judgement::outdated);
               });
    }

    void plan_keys(Steps& steps) const {
        for (const auto& work : works_) {
            if (work.make_key) steps.make_key(work, works_);
        }
        bool verified = false;
        for (const auto& work : in_signing_order()) {
            // one that wants the PIN each time takes it from the command right before
            if (work.slot.wants_pin() && (!verified || work.slot.wants_pin_each_time())) {
                steps.verify_pin(pin_source(), fmt::format("key {:02X}", work.slot.reference));
                verified = true;
            }
            steps.request(work);
            steps.certify(work);
        }
    }

    /// Some cards take the PIN away after a key that wants it each time, so that one is the last.
    std::vector<SlotWork> in_signing_order() const {
        std::vector<SlotWork> out;
        std::ranges::copy_if(works_, std::back_inserter(out), &SlotWork::certify);
        std::ranges::stable_partition(out,
                                      [](const SlotWork& work) { return !work.slot.wants_pin_each_time(); });
        return out;
    }

    void plan_objects(Steps& steps) const {
        const bool changes = std::ranges::count(objects_, id_chuid) > 0;
        const Bytes* before = own_.object(id_chuid);
        const auto& wanted = own_.contents.values;
        // a change that is torn and taken back must not find the CHUID of before, which says that all is well
        if (changes && objects_.size() > 1 && own_.stage == Stage::complete && before != nullptr) {
            const Bytes interim = unsigned_chuid(wanted.at(id_chuid));
            if (*before != interim) steps.put(id_chuid, interim, "unsign");
        }
        for (const auto id : objects_) steps.put(id, wanted.at(id));
    }

    /// Which PIN to try. A card that was handed out has, by the policy, a PIN of the holder's own.
    PinSource pin_source() const {
        if (own_.stage != Stage::complete) return PinSource::derived;  // it was set right before
        const auto tries = own_.pin_tries();
        if (tries == 0U)
            refuse("the card's PIN is blocked; the holder unblocks it with the PUK", Errc::pin_blocked);
        if (order_.holder_pin != nullptr) {
            if (const auto fault = fault_of_pin(*order_.holder_pin); !fault.empty())
                refuse(fault, Errc::usage);
            if (tries && *tries >= fewest_tries) return PinSource::holder;
            refuse("the card's PIN has its last try left, which is never used up here", Errc::pin_blocked);
        }
        constexpr const char* how = "give the holder's own PIN with --pin-file";
        if (card_.books.own_pin) {
            refuse(fmt::format("the card's holder has a PIN of his own by this station's journal, so the PIN "
                               "it was delivered with is not tried; {}",
                               how),
                   Errc::keys_failed);
        }
        if (card_.books.delivered_pin_refused) {
            refuse(fmt::format("the card refused the PIN it was delivered with before, by this station's "
                               "journal, so it is not tried again; {}, or let the delivered one be tried "
                               "once more with --release-failed-authentication",
                               how),
                   Errc::keys_failed);
        }
        if (tries && *tries >= own_.full_pin_tries()) return PinSource::delivered;
        refuse(fmt::format("the card's PIN has {} of {} tries left, so the PIN it was delivered with is not "
                           "tried; {}",
                           tries.value_or(0), own_.full_pin_tries(), how),
               Errc::keys_failed);
    }

    const perso::Order& order_;
    const perso::CardState& card_;
    const State& own_;
    const Options& options_;
    perso::Plan& plan_;
    Bytes issuer_;
    std::int64_t latest_;
    std::vector<SlotWork> works_;
    std::vector<std::uint16_t> objects_;  ///< to be written, in this order
};

}  // namespace

void plan(const perso::Order& order, const perso::CardImage&, const perso::CardState& state,
          perso::Plan& plan) {
    const Options options = read_options(order.profile);
    const State* own = state.of<State>("piv");
    if (own == nullptr) throw Error{Errc::internal, "the PIV application was not observed"};
    Planner{order, state, *own, options, plan}();
}

}  // namespace kartsaz::app::piv
