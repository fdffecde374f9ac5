// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/pkcs15/read.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apdu/error.h"
#include "apdu/exchanger.h"
#include "apdu/iso7816.h"
#include "libcard/app/pkcs15/commands.h"
#include "libcard/app/pkcs15/read_steps.h"

namespace kartsaz::app::pkcs15 {
namespace {

using namespace reading;

constexpr std::size_t most_files = 100;  // followed by their paths
const Bytes path_mf = from_hex("3F00");
const Bytes path_default_df = from_hex("3F005015");

std::string directory_name(Directory directory) {
    constexpr std::array<const char*, 9> names{"EF.PrKDF",      "EF.PuKDF", "EF.PuKDF.trusted",
                                               "EF.SKDF",       "EF.CDF",   "EF.CDF.trusted",
                                               "EF.CDF.useful", "EF.DODF",  "EF.AODF"};
    return names.at(static_cast<std::size_t>(directory));
}

/// What `decode` gives, or nothing of a file that it refuses: verification says what is wrong with it.
template <typename Decode>
auto quietly(const DumpFile* file, Decode&& decode) -> decltype(decode(ByteView{})) {
    if (file == nullptr || file->content.empty()) return {};
    try {
        return decode(ByteView{file->content});
    } catch (const Error& error) {
        if (error.code() != Errc::input_invalid) throw;
        return {};
    }
}

class Reader {
public:
    Reader(apdu::Transport& card, const ReadOptions& options)
        : budget_{card}, card_{budget_}, files_{card_, out_.facts}, door_{card_, options, out_.facts} {
        out_.name = "pkcs15";
    }

    std::optional<DumpApplication> run() {
        if (!select()) return std::nullopt;
        bool verified = false;
        const auto bounded = [&](auto&& part) {
            try {
                part();
            } catch (const Error& error) {
                // the card's own doing: what was read so far stands, and the fault is told
                if (error.code() != Errc::card_refused) throw;
                out_.facts["fault"] = error.what();
                budget_.grant_last();
            }
        };
        bounded([&] {
            note_version();
            read_structure();
            read_objects("plain");
            const Slots slots = slots_of();
            door_.describe(all<PinObject>("EF.AODF", decode_aodf));
            door_.ask();
            probe_without_pin(card_, slots, out_.facts);
            verified = door_.open();
            if (verified) read_refused();
            challenge_keys(card_, slots, door_, verified, out_.facts);
            if (verified) find_orphans(card_, slots, out_.facts);
        });
        if (verified) bounded([&] { leave(); });
        return std::move(out_);
    }

private:
    bool select() {
        for (const Bytes& aid : {applet_aid, pkcs15_aid}) {
            const auto selected = card_.transmit(apdu::select_aid(aid));
            if (!selected.sw.ok()) continue;
            out_.facts["aid"] = to_hex(aid);
            if (aid == applet_aid) selected_ = selected.data;
            return true;
        }
        return false;
    }

    /// Command set 0 tells its version when it is selected, 1 when it is asked.
    void note_version() {
        if (out_.facts["aid"] != to_hex(applet_aid)) return;
        auto version = parse_version(selected_);
        if (!version) {
            const auto answer = card_.transmit(apdu::get_data(0x0101));
            if (answer.sw.ok()) version = parse_version(answer.data);
        }
        if (!version) return;
        out_.facts["version"] = fmt::format("{:02X}.{:02X}", version->major, version->minor);
        out_.facts["features"] = fmt::format("{:02X}", version->features);
        hashes_ = version->major == 0;
    }

    const DumpFile& add(DumpFile file) {
        std::string name = file.name;
        for (unsigned number = 2; out_.file(name) != nullptr; ++number)
            name = fmt::format("{}.{}", file.name, number);
        file.name = name;
        out_.files.push_back(std::move(file));
        return out_.files.back();
    }

    /// EF.DIR names the DF; without it the DF is 5015, or the objects stand under the MF.
    void read_structure() {
        const Path dir_path{concat({path_mf, big_endian(fid_dir, 2)}), {}, {}};
        DumpFile dir = files_.read("EF.DIR", dir_path, Ends::padding, "plain");
        files_.set_df(path_default_df);
        for (const auto& entry : quietly(&dir, decode_dir)) {
            if (entry.aid == pkcs15_aid && !entry.path.empty()) {
                files_.set_df(entry.path);
                break;
            }
        }
        DumpFile odf = read_odf();
        if (files_.by_last_only()) dir = files_.read("EF.DIR", dir_path, Ends::padding, "plain");
        add(std::move(dir));
        const auto entries = quietly(&add(std::move(odf)), decode_odf);
        out_.facts["df"] = to_hex(files_.df());
        add(read_in_df("EF.TokenInfo", fid_token_info));
        for (const auto& entry : entries) {
            if (out_.files.size() >= most_files) break;
            add(files_.read(directory_name(entry.directory), entry.path, Ends::padding, "plain"));
        }
        files_.select(files_.df());  // for its access rule
    }

    /// In the DF, else under the MF, else wherever it is.
    DumpFile read_odf() {
        DumpFile odf = read_in_df("EF.ODF", fid_odf);
        if (odf.refused.empty()) return odf;
        const Bytes named = files_.df();
        files_.set_df(path_mf);
        DumpFile under_mf = read_in_df("EF.ODF", fid_odf);
        if (under_mf.refused.empty()) return under_mf;
        files_.set_df(named);
        files_.allow_last_only();
        DumpFile anywhere = read_in_df("EF.ODF", fid_odf);
        return anywhere.refused.empty() ? anywhere : odf;
    }

    DumpFile read_in_df(const std::string& name, std::uint16_t fid) {
        return files_.read(name, {big_endian(fid, 2), {}, {}}, Ends::padding, "plain");
    }

    /// The objects of every file of one kind.
    template <typename Object, typename Decode>
    std::vector<Object> all(const std::string& name, Decode decode) const {
        std::vector<Object> out;
        for (const auto& file : out_.files) {
            if (file.name != name && !file.name.starts_with(name + ".")) continue;
            for (auto& one : quietly(&file, decode)) out.push_back(std::move(one));
        }
        return out;
    }

    void read_object(const std::optional<Path>& path, const std::string& access) {
        if (!path || path->path.empty() || out_.files.size() >= most_files) return;
        const std::string name = file_name(*path, files_.df());
        if (out_.file(name) == nullptr) add(files_.read(name, *path, Ends::object, access));
    }

    void read_objects(const std::string& access) {
        for (const auto& key : all<PublicKeyObject>("EF.PuKDF", decode_pukdf)) read_object(key.path, access);
        for (const auto& one : all<CertificateObject>("EF.CDF", decode_cdf)) read_object(one.path, access);
    }

    /// What the card keeps from everybody without the PIN.
    void read_refused() {
        for (const auto& one : all<CertificateObject>("EF.CDF", decode_cdf)) {
            if (!one.path || one.path->path.empty()) continue;
            const std::string name = file_name(*one.path, files_.df());
            for (auto& file : out_.files) {
                if (file.name != name || !file.refused.starts_with("6982")) continue;
                DumpFile second = files_.read(name, *one.path, Ends::object, "PIN");
                if (second.refused.empty()) file = std::move(second);
            }
        }
    }

    Slots slots_of() const {
        Slots slots;
        slots.keys = all<PrivateKeyObject>("EF.PrKDF", decode_prkdf);
        for (const auto& key : slots.keys) slots.algorithms.push_back(algorithm_of(key));
        slots.hashes = hashes_;
        return slots;
    }

    /// By the public key of the same iD, else by the certificate, else by what EF.PrKDF says.
    std::optional<keys::KeyAlgorithm> algorithm_of(const PrivateKeyObject& key) const {
        for (const auto& one : all<PublicKeyObject>("EF.PuKDF", decode_pukdf)) {
            if (one.id != key.id) continue;
            const auto found = of_content(one.path, one.direct, [&](ByteView content) {
                return public_key_from_file(content, one.type);
            });
            if (found) return found;
        }
        for (const auto& one : all<CertificateObject>("EF.CDF", decode_cdf)) {
            if (one.id != key.id) continue;
            if (const auto found = of_content(one.path, one.direct, key_of_certificate)) return found;
        }
        const std::size_t bits = key.size_bits.value_or(0);
        const bool rsa = key.type == KeyType::rsa;
        if (rsa && bits == 2048) return keys::KeyAlgorithm::rsa_2048;
        if (rsa && bits == 3072) return keys::KeyAlgorithm::rsa_3072;
        if (rsa && bits == 4096) return keys::KeyAlgorithm::rsa_4096;
        if (!rsa && bits == 256) return keys::KeyAlgorithm::ec_p256;
        if (!rsa && bits == 384) return keys::KeyAlgorithm::ec_p384;
        return std::nullopt;
    }

    template <typename ToKey>
    std::optional<keys::KeyAlgorithm> of_content(const std::optional<Path>& path, const Bytes& direct,
                                                 ToKey&& to_key) const {
        const DumpFile inside{{}, 0, direct, {}, {}};
        const DumpFile* file = path ? out_.file(file_name(*path, files_.df())) : &inside;
        const Bytes key = quietly(file, to_key);
        return key.empty() ? std::nullopt : keys::algorithm_of(key);
    }

    /// Nothing stays verified, and the counter is seen as the next one will find it.
    void leave() {
        card_.reset();
        if (card_.transmit(apdu::select_aid(from_hex(out_.facts["aid"]))).sw.ok()) door_.close();
    }

    DumpApplication out_;
    Budget budget_;
    apdu::Exchanger card_;
    Files files_;
    PinDoor door_;
    Bytes selected_;  // what SELECT was answered with
    bool hashes_ = false;
};

}  // namespace

std::string file_name(const Path& path, ByteView df) {
    ByteView rest{path.path};
    const auto starts_with = [&](ByteView head) {
        return rest.size() > head.size() && std::equal(head.begin(), head.end(), rest.begin());
    };
    if (starts_with(df)) {
        rest = rest.subspan(df.size());
    } else if (starts_with(path_mf)) {
        rest = rest.subspan(path_mf.size());
    }
    std::string name = "EF." + to_hex(rest);
    if (path.index && *path.index != 0) name += fmt::format("@{}", *path.index);
    return name;
}

std::optional<DumpApplication> read_application(apdu::Transport& card, const ReadOptions& options) {
    return Reader{card, options}.run();
}

}  // namespace kartsaz::app::pkcs15
