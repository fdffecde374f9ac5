// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/emrtd/read.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "apdu/error.h"
#include "apdu/iso7816.h"
#include "libcard/app/emrtd/lds.h"
#include "libcard/app/emrtd/read_steps.h"

namespace kartsaz::app::emrtd {
namespace {
using namespace reading;

constexpr unsigned mandatory_groups[]{1, 2};

class Reader {
public:
    Reader(apdu::Transport& card, const ReadOptions& options)
        : card_{card}, options_{options}, mrz_{options.mrz_information}, door_{card, options, out_.facts} {
        out_.name = "emrtd";
        facts()["bac"] = "not tried";
    }

    DumpApplication run() {
        if (options_.prove || (!mrz_ && options_.keys == nullptr)) probe_plain();
        if (mrz_ || options_.prove) door_.read_card_access();
        open();
        read_files();
        if (options_.prove) prove_in_session();
        session_.reset();
        read_refused_by_scp03();
        if (options_.prove) prove_other_accesses();
        sort_files();
        return std::move(out_);
    }

private:
    Facts& facts() { return out_.facts; }

    std::string tried(std::string_view access) const {
        const std::string how = out_.fact(access);
        return how.empty() ? "not tried" : how;
    }

    apdu::Transport& link() {
        if (session_->secure) return *session_->secure;
        return card_;
    }

    void probe_plain() {
        const auto sw = select_application(card_, options_);
        facts()["selectable"] = sw.ok() ? "yes" : sw_hex(sw);
        if (!sw.ok())
            throw Error{Errc::card_refused, "the passport application: select: SW " + sw_words(sw), sw};
        probe_plain_read(card_, facts());
        card_.reset();
    }

    void open() {
        if (mrz_) session_ = door_.by_pace(*mrz_);
        if (!session_ && mrz_) session_ = door_.by_bac(*mrz_);
        if (!session_) session_ = door_.by_scp03();
        if (!session_ && facts()["plain-read.sw"] == "9000") session_ = door_.again("plain", {});
        if (session_) {
            facts()["access"] = session_->access;
            return;
        }
        const auto selectable = facts()["selectable"];
        if (!selectable.empty() && selectable != "yes") {
            throw Error{Errc::card_refused, "the passport application cannot be selected: SW " + selectable};
        }
        throw Error{Errc::keys_failed,
                    fmt::format("nothing opens the card. PACE: {}; BAC: {}; SCP03: {}{}", tried("pace"),
                                tried("bac"), tried("scp03"), mrz_ ? "" : "; no MRZ is known")};
    }

    /// A broken channel is opened again, so that one bad file does not hide the others.
    void reopen() {
        session_ = door_.again(facts()["access"], mrz_);
        if (!session_) throw Error{Errc::secure_channel, "the card did not open a second time"};
    }

    DumpFile read_one(const EfDef& def) {
        DumpFile file{std::string{def.name}, def.fid, {}, session_->access, {}};
        for (;;) {
            try {
                read_into(link(), def.fid, file.name, file.content, options_.progress);
                return file;
            } catch (const Error& error) {
                if (!is_answer(error)) throw;
                file.content.clear();
                if (error.code() != Errc::secure_channel) {
                    file.refused = error.sw() ? sw_words(*error.sw()) : error.what();
                    return file;
                }
                if (!refuses_extended(error)) {
                    file.refused = error.what();
                    reopen();
                    return file;
                }
                card_.refuse_extended();
                reopen();
            }
        }
    }

    /// A card that takes no extended length says so without protection, which ends the session.
    bool refuses_extended(const Error& error) {
        return error.sw() == apdu::StatusWord{0x6700} && card_.limits().extended();
    }

    void read(std::string_view name) { out_.files.push_back(read_one(*find_file(name))); }

    /// The data groups named by EF.COM and by EF.SOD, and the mandatory ones.
    std::set<unsigned> named_groups() {
        std::set<unsigned> groups(std::begin(mandatory_groups), std::end(mandatory_groups));
        try {
            for (const auto tag : decode_com(out_.file("EF.COM")->content).tags)
                groups.insert(file_of_tag(tag)->dg);
        } catch (const Error&) {  // verification names what is wrong with it
        }
        try {
            const Bytes cms = decode_sod(out_.file("EF.SOD")->content);
            for (const auto& [dg, hash] : decode_lds_security_object(peek_lds_security_object(cms)).groups) {
                groups.insert(dg);
            }
        } catch (const Error&) {
        }
        return groups;
    }

    void read_files() {
        read("EF.COM");
        read("EF.SOD");
        for (const unsigned dg : named_groups()) read(file_of_dg(dg)->name);
        if (!mrz_) learn_mrz();
    }

    void learn_mrz() {
        try {
            mrz_ = mrz_information_of(decode_dg1(out_.file("EF.DG1")->content));
        } catch (const Error&) {  // no DG1: no proof by MRZ
        }
    }

    /// A proof that breaks the channel is a fact, not a failure of reading.
    template <typename Proof>
    void attempt(const std::string& fact, Proof proof) {
        try {
            proof();
        } catch (const Error& error) {
            if (!is_answer(error)) throw;
            facts()[fact] = error.what();
        }
    }

    /// The issuer's own channel may write a locked card, so what everyone else may do is proved elsewhere.
    void prove_in_session() {
        if (session_->access != "SCP03") prove_chip(link());
    }

    void prove_chip(apdu::Transport& icao_link) {
        attempt("write.sw",
                [&] { probe_write(icao_link, out_.file("EF.COM")->content, "write.sw", facts()); });
        const DumpFile* dg15 = out_.file("EF.DG15");
        if (dg15 == nullptr || dg15->content.empty()) return;
        attempt("aa.sw", [&] { prove_active_authentication(icao_link, dg15->content, facts()); });
    }

    void read_refused_by_scp03() {
        const auto refused = [](const DumpFile& file) { return file.refused.starts_with("6982"); };
        if (facts()["access"] == "SCP03" || std::none_of(out_.files.begin(), out_.files.end(), refused))
            return;
        session_ = door_.by_scp03();
        if (!session_) return;
        for (auto& file : out_.files) {
            if (!refused(file)) continue;
            DumpFile second = read_one(*find_file(file.name));
            if (!second.refused.empty()) continue;
            facts()[file.name + ".refused"] = file.refused.substr(0, 4);
            file = std::move(second);
        }
        session_.reset();
    }

    /// The accesses that were not used for reading must work too; BAC and PACE open the same application.
    void prove_other_accesses() {
        if (!mrz_) return;
        const std::string used = facts()["access"];
        const bool chip_proved = used == "PACE" || used == "BAC";
        if (used != "PACE" && !facts().contains("pace")) {
            session_ = door_.by_pace(*mrz_);
            if (session_ && !chip_proved) prove_chip(link());
        }
        if (facts()["bac"] == "not tried") {
            probe_plain_write();
            session_ = door_.by_bac(*mrz_);
            if (session_ && !chip_proved && !facts().contains("aa.sw")) prove_chip(link());
        }
        session_.reset();
    }

    void probe_plain_write() {
        card_.reset();
        door_.card_is_fresh();
        if (!select_application(card_, options_).ok()) return;
        probe_write(card_, out_.file("EF.COM")->content, "write-plain.sw", facts());
    }

    void sort_files() {
        const auto place = [](const DumpFile& file) {
            const auto& all = files();
            return std::find_if(all.begin(), all.end(),
                                [&](const EfDef& def) { return def.name == file.name; });
        };
        std::stable_sort(out_.files.begin(), out_.files.end(),
                         [&](const DumpFile& a, const DumpFile& b) { return place(a) < place(b); });
    }

    apdu::Transport& card_;
    const ReadOptions& options_;
    std::optional<std::string> mrz_;
    DumpApplication out_;
    Door door_;
    std::optional<Session> session_;
};

}  // namespace

bool is_blank(apdu::Transport& card, const Bytes& aid) {
    card.reset();
    ReadOptions options;
    options.aid = aid;
    if (!select_application(card, options).ok()) return false;
    const auto& all = files();
    return std::all_of(all.begin(), all.end(), [&](const EfDef& def) {
        constexpr std::uint16_t not_found = 0x6A82, security_status = 0x6982;
        const auto sw = card.transmit(apdu::select_ef(def.fid)).sw.value();
        return sw == not_found || (sw == security_status && (def.dg == 3 || def.dg == 4));
    });
}

DumpApplication read_application(apdu::Transport& card, const ReadOptions& options) {
    return Reader{card, options}.run();
}

}  // namespace kartsaz::app::emrtd
