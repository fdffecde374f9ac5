// SPDX-License-Identifier: Apache-2.0
// From what the card holds to what it must hold. Order of a blank card: whom it is for, PUK, structure, PIN,
// then each key with its public key at once, certificates, directories; EF.DIR last, which says that all is
// there.
#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"
#include "keys/card_identity.h"
#include "libcard/app/pkcs15/key_origin.h"
#include "libcard/app/pkcs15/plan_steps.h"

namespace kartsaz::app::pkcs15 {
namespace {

constexpr unsigned full_tries = 3;
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
          latest_{latest_end(order.certificates)} {}

    void operator()() {
        refuse_unfit();
        refuse_other_document();
        for (const auto& slot : options_.slots) works_.push_back(work_of(slot));
        Steps steps{order_, card_, own_, options_, plan_};
        const std::size_t begin = plan_.steps.size();
        steps.upkeep(is_upkeep(steps));
        if (own_.pin_is_set()) {
            plan_static(steps);
            plan_keys(steps);
            // only now is it known whether anything is to be written that needs the PIN
            if (plan_.steps.size() > begin) insert_verify(steps, begin);
        } else {
            plan_from_creation(steps);
        }
    }

private:
    [[noreturn]] void refuse(const std::string& why, Errc code = Errc::card_refused) const {
        throw Error{code, fmt::format("{}. Profile {} cannot be written; nothing was written", why,
                                      order_.profile.name)};
    }

    void refuse_unfit() const {
        if (own_.stage == Stage::absent) {
            refuse(fmt::format("there is no signature application {} on this card (SELECT: SW {:04X})",
                               to_hex(options_.aid), own_.select_sw.value()));
        }
        if (!own_.version) refuse("the signature application does not tell its version");
        if (own_.version->major > 1) {
            refuse(fmt::format("the signature application speaks command set {}, known are 0 and 1",
                               own_.version->major));
        }
        if (own_.stage == Stage::foreign) {
            refuse(own_.df_template.empty()
                       ? fmt::format("the signature application has a {} and no PKCS#15 structure: others "
                                     "began this card",
                                     own_.pin_is_set() ? "PIN" : "PUK, which cannot be changed,")
                       : "the card has a PKCS#15 structure that others made (pkcs15-init, perhaps); it is "
                         "never overwritten");
        }
        if (options_.scp03 && plan_.channel_keyset.empty()) {
            refuse(
                "the card has no card manager with a secure channel, or the profile does not name the "
                "application globalplatform before pkcs15");
        }
        if (options_.scp03) refuse_unfit_channel();
        for (const auto& slot : options_.slots) refuse_unfit(slot);
    }

    /// SCP02 protects short commands only, and command set 1 gives the public key in one longer piece.
    void refuse_unfit_channel() const {
        keys::check_level(card_.channel.form, options_.level);
        if (card_.channel.form.protocol != 2 || own_.version->major != 1) return;
        refuse(
            "the card's secure channel is SCP02, which protects short commands only, and key generation is "
            "answered with more; channel = \"none\" in [pkcs15] writes the signature application outside the "
            "channel");
    }

    void refuse_unfit(const Slot& slot) const {
        const auto& version = *own_.version;
        const std::string key = fmt::format("key \"{}\", {}", slot.name, keys::name(slot.algorithm));
        if (!is_rsa(slot.algorithm) && !version.ecc()) refuse(key + ": the applet has no elliptic curves");
        if (!is_rsa(slot.algorithm) && version.major == 0) {
            refuse(key +
                   ": command set 0 signs with SHA-1 only where the key is one of a curve; rsa-2048 "
                   "works there");
        }
        if (slot.algorithm == keys::KeyAlgorithm::rsa_4096 && !version.rsa_4096()) {
            refuse(key + ": the applet has no RSA of this length");
        }
        if (slot.algorithm == keys::KeyAlgorithm::rsa_3072 && !version.rsa_3072()) {
            refuse(key +
                   ": the applet has no RSA of this length (IsoApplet: 2048, and 4096 where it says so)");
        }
        if (version.major == 1 && !own_.extended) {
            refuse(
                fmt::format("{}: the card answers key generation with {} bytes in one piece, and this card "
                            "or reader takes short commands only",
                            key, generate_answer_size(slot.algorithm)));
        }
    }

    /// A card without a name is known by the document that it was begun for.
    void refuse_other_document() const {
        const SeenFile* file = own_.file(fid_token_info);
        if (file == nullptr) return;
        Bytes serial;
        try {
            serial = decode_token_info(file->content).serial;
        } catch (const Error&) {
            return;  // torn before it was whole
        }
        if (serial ==
            keys::card_serial(keys::identity_of_card(card_.chip.name, order_.record.document_number)))
            return;
        const bool keyed = own_.pin_is_set() || own_.puk_is_set;
        if (order_.reassign && !keyed) return;
        refuse(keyed
                   ? "the card's signature application was made for another document or chip (serial number "
                     "of the token), and PIN and PUK with it"
                   : "the card's signature application was begun for another document or chip (serial "
                     "number of the token); --reassign writes it anew");
    }

    SlotWork work_of(const Slot& slot) const {
        SlotWork work;
        work.slot = slot;
        work.view = view_of(slot, own_);
        drop_unproved(work.view);
        settle_origin(work);
        work.wanted = certificate_template(order_, options_, slot);
        work.certificate_fid = place_of_certificate(work, 0);
        if (work.view.public_key.empty()) {
            work.make_key = true;
            work.certify = true;
        } else {
            refuse_other_algorithm(work);
            work.write_public_key = !work.view.from_file;
            choose_certificate(work);
        }
        if (work.certify) refuse_uncertifiable(work);
        for (const auto& one : work.view.certificates) {
            if (one.fid != work.certificate_fid) work.to_remove.push_back(one.fid);
        }
        for (const auto fid : work.view.leftovers) {
            if (fid != work.certificate_fid) work.to_remove.push_back(fid);
        }
        return work;
    }

    /// Only a key that the station saw the card make is gone on with. One that nothing tells of, or a public
    /// key without its pair, is made anew; objects of others are left as they are.
    void settle_origin(SlotWork& work) const {
        SlotView& view = work.view;
        if (view.public_key.empty() && view.listed_label == work.slot.label) {
            refuse(
                fmt::format("EF.PrKDF tells of the key \"{}\", but neither its public key nor its "
                            "certificate can be read: the card is damaged, and a new key would not be "
                            "the holder's",
                            work.slot.name));
        }
        const Knowledge known{order_, card_.books};
        if (const auto held = held_by_others(work.slot, view, own_, known); !held.empty()) refuse(held);
        if (is_of_the_card(view, own_, known)) return;
        if (const auto moved = moved_away(work.slot, own_); !moved.empty()) refuse(moved);
        for (const auto& one : view.certificates) view.leftovers.push_back(one.fid);
        view.certificates.clear();
        view.public_key.clear();
        view.from_file = false;
    }

    /// A certificate that EF.CDF does not tell of was perhaps torn inside its signature, which no other field
    /// shows. Where the CA did not sign these bytes they are got from it again.
    void drop_unproved(SlotView& view) const {
        const Bytes issuer =
            order_.certificates == nullptr ? Bytes{} : order_.certificates->issuer_certificate();
        std::erase_if(view.certificates, [&](const SeenCertificate& one) {
            if (one.fid == view.listed || keys::is_signed_by(one.der, issuer)) return false;
            view.leftovers.push_back(one.fid);
            return true;
        });
    }

    void refuse_other_algorithm(const SlotWork& work) const {
        const auto kind = keys::algorithm_of(work.view.public_key);
        if (kind == work.slot.algorithm) return;
        refuse(fmt::format(
            "the key \"{}\" on the card is {}, the profile asks for {}: a holder's key is never "
            "made anew by itself",
            work.slot.name, kind ? keys::name(*kind) : "of another kind", keys::name(work.slot.algorithm)));
    }

    /// What the CA took back is no good, though it says what is asked for: a change that was torn, and then
    /// taken back, leaves such a one.
    Judgement judgement(const SeenCertificate& one, const SlotWork& work) const {
        if (order_.certificates != nullptr && !order_.certificates->stands(one.der)) return Judgement::other;
        return judge(one.says, work.wanted, options_, latest_);
    }

    /// The certificate that stays, or the place of a new one beside it.
    void choose_certificate(SlotWork& work) const {
        const SeenCertificate* now = work.view.certificate(work.view.listed);
        const SeenCertificate* good = nullptr;
        for (const auto& one : work.view.certificates) {
            if (now == nullptr) now = &one;
            if (judgement(one, work) != Judgement::good) continue;
            if (good == nullptr || one.says.not_after > good->says.not_after) good = &one;
        }
        if (good != nullptr) {
            work.certificate_fid = good->fid;
            return;
        }
        work.certify = true;
        if (now == nullptr) return;
        work.reason = judgement(*now, work);
        work.superseded = now->der;
        work.certificate_fid = place_of_certificate(work, now->fid);
        if (work.certificate_fid == 0) {
            refuse(
                fmt::format("the certificate of the key \"{}\" is to be renewed, and every file for it holds "
                            "something that the holder added; the software that added it can delete it",
                            work.slot.name));
        }
    }

    /// The first of the slot's certificate files that holds nothing of others; 0: none.
    /// @param taken  by the certificate that stays until then
    static std::uint16_t place_of_certificate(const SlotWork& work, std::uint16_t taken) {
        for (const auto fid : work.slot.certificate_fids()) {
            if (fid != taken && !work.view.holds_other(fid)) return fid;
        }
        return 0;
    }

    void refuse_uncertifiable(const SlotWork& work) const {
        if (work.wanted.not_after <= order_.now) {
            refuse("the document's expiry date has passed, so no certificate can be valid",
                   Errc::input_invalid);
        }
        if (order_.certificates == nullptr) {
            refuse(fmt::format("the key \"{}\" needs a certificate, and no issuer of certificates is named",
                               work.slot.name),
                   Errc::keys_failed);
        }
    }

    Bytes wanted(const Layout& layout, const Steps& steps) const {
        const std::string identity = keys::identity_of_card(card_.chip.name, order_.record.document_number);
        return static_content(layout.fid, options_, identity, steps.files().content(layout.fid));
    }

    /// A complete card on which nothing but time has made a difference.
    bool is_upkeep(const Steps& steps) const {
        const auto same = [&](const Layout& layout) {
            return steps.files().holds(layout.fid, wanted(layout, steps));
        };
        const auto kept = [](const SlotWork& work) {
            return !work.make_key && !work.write_public_key &&
                   (!work.certify || work.reason == Judgement::outdated);
        };
        return own_.stage == Stage::complete && std::ranges::all_of(static_files(), same) &&
               std::ranges::all_of(works_, kept);
    }

    void plan_static(Steps& steps) const {
        for (const auto& layout : static_files()) steps.write_file(layout, wanted(layout, steps));
    }

    void plan_from_creation(Steps& steps) const {
        if (own_.stage == Stage::blank) steps.create_df();
        // whom the card is for stands there before it gets a PUK, which cannot be changed
        const Layout& info = layout_of(fid_token_info);
        steps.write_file(info, wanted(info, steps));
        if (!own_.puk_is_set) steps.set_puk();
        for (const auto& layout : static_files()) {
            if (layout.fid != info.fid) steps.write_file(layout, wanted(layout, steps));
        }
        steps.set_pin();
        if (own_.puk_is_set) steps.prove_puk();
        steps.verify_pin(PinSource::derived);
        plan_keys(steps);
    }

    void plan_keys(Steps& steps) const {
        for (const auto& work : works_) {
            if (work.make_key) steps.make_key(work, works_);
            if (work.write_public_key) steps.write_public_key(work);
        }
        for (const auto& work : works_) {
            if (work.certify) steps.request(work);
            if (work.certify) steps.certify(work);
        }
        for (const auto& layout : key_directories()) steps.write_directory(layout, works_);
        for (const auto& work : works_) {
            for (const auto fid : work.to_remove) steps.remove_file(fid);
        }
        steps.write_file(dir_file(), wanted(dir_file(), steps));
    }

    /// Before all other steps. A torn card may have got its PUK from whoever had it before, so that is
    /// proved, too, which sets the PIN once more.
    void insert_verify(Steps& steps, std::size_t begin) const {
        const std::size_t end = plan_.steps.size();
        const PinSource source = pin_source();
        if (own_.stage == Stage::begun && source == PinSource::derived) steps.prove_puk();
        steps.verify_pin(source);
        const auto first = plan_.steps.begin();
        std::rotate(first + static_cast<std::ptrdiff_t>(begin), first + static_cast<std::ptrdiff_t>(end),
                    plan_.steps.end());
    }

    /// Which PIN to try. A card that was handed out has, by the policy, a PIN of the holder's own.
    PinSource pin_source() const {
        const unsigned tries = own_.tries();
        if (tries == 0)
            refuse("the card's PIN is blocked; the holder unblocks it with the PUK", Errc::pin_blocked);
        if (order_.holder_pin != nullptr) {
            const auto fault = fault_of_length(*order_.holder_pin);
            if (!fault.empty()) refuse(fmt::format("--pin-file: {}", fault), Errc::usage);
            if (tries >= fewest_tries) return PinSource::holder;
            refuse(fmt::format("the card's PIN has {} try left, which is never used up here", tries),
                   Errc::pin_blocked);
        }
        const bool finished = own_.stage == Stage::complete;
        constexpr const char* how = "give the holder's own PIN with --pin-file";
        if (finished && card_.books.own_pin) {
            refuse(fmt::format("the card's holder has a PIN of his own by this station's journal, so the PIN "
                               "it was delivered with is not tried; {}",
                               how),
                   Errc::keys_failed);
        }
        if (finished && card_.books.delivered_pin_refused) {
            refuse(
                fmt::format(
                    "the card refused the PIN it was delivered with before, by this station's journal, so it "
                    "is not tried again; {}, or let the delivered one be tried once more with "
                    "--release-failed-authentication",
                    how),
                Errc::keys_failed);
        }
        if (tries >= (finished ? full_tries : fewest_tries)) {
            return finished ? PinSource::delivered : PinSource::derived;
        }
        refuse(fmt::format("the card's PIN has {} of {} tries left, so the PIN it was delivered with is not "
                           "tried; {}",
                           tries, full_tries, how),
               Errc::keys_failed);
    }

    const perso::Order& order_;
    const perso::CardState& card_;
    const State& own_;
    const Options& options_;
    perso::Plan& plan_;
    std::int64_t latest_;
    std::vector<SlotWork> works_;
};

}  // namespace

void plan(const perso::Order& order, const perso::CardImage&, const perso::CardState& state,
          perso::Plan& plan) {
    const Options options = read_options(order.profile);
    const State* own = state.of<State>("pkcs15");
    if (own == nullptr) throw Error{Errc::internal, "the signature application was not observed"};
    if (own->stage == Stage::absent && !options.required) return;
    Planner{order, state, *own, options, plan}();
}

}  // namespace kartsaz::app::pkcs15
