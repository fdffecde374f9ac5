// SPDX-License-Identifier: Apache-2.0
// Which files of a folder are taken, and for what: docs/formats.md, "A folder of PIV objects".
#include "libcard/app/piv/folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <map>
#include <optional>

#include "apdu/error.h"
#include "keys/pem.h"
#include "keys/pkcs12.h"
#include "libcard/app/piv/containers.h"
#include "libcard/app/piv/objects.h"
#include "libcard/app/piv/read.h"

namespace kartsaz::app::piv {
namespace {
namespace fs = std::filesystem;

constexpr std::uintmax_t largest_file = 65'535;  // no card's object has more
constexpr std::size_t most_entries = 1'000;

enum class Form { value, certificate, key };

/// What a file is, by its name alone.
struct Meaning {
    const Container* container = nullptr;
    Form form = Form::value;
    unsigned rank = 0;  ///< of several files for one thing the lowest is taken
    bool sure = true;   ///< the name says by itself that this is a PIV card's
};

constexpr std::string_view numbered_mark = " - ";

/// Names of objects behind the number.
constexpr std::array<std::pair<std::string_view, std::uint16_t>, 8> object_words{
    {{"Discovery Object", id_discovery},
     {"Security Object", id_security_object},
     {"CCC", id_ccc},
     {"CHUID Object", id_chuid},
     {"Fingerprints", id_fingerprints},
     {"Face Object", id_face},
     {"Printed Information", id_printed},
     {"Key History Object", id_key_history}}};

/// Words that tell the key of a certificate or key file. The one that stands first counts: cards' names
/// follow, as in "Dig_Sig_.._Card_Authent_UUID_mismatch".
constexpr std::array<std::pair<std::string_view, std::uint8_t>, 4> key_words{
    {{"Card_Auth", 0x9E}, {"Dig_Sig", 0x9C}, {"Key_Mgmt", 0x9D}, {"_Auth", 0x9A}}};

std::optional<unsigned> number_of(std::string_view text, int base) {
    unsigned out = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out, base);
    if (text.empty() || fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return out;
}

std::optional<std::uint8_t> reference_of(std::string_view words) {
    constexpr std::string_view history = "Key_Hist";
    if (const auto at = words.find(history); at != std::string_view::npos) {
        const auto digits = words.substr(at + history.size());
        const auto number = number_of(digits.substr(0, digits.find_first_not_of("0123456789")), 10);
        if (!number || *number < 1 || *number > 20) return std::nullopt;
        return static_cast<std::uint8_t>(0x82 + *number - 1);
    }
    std::optional<std::uint8_t> out;
    auto first = std::string_view::npos;
    for (const auto& [word, reference] : key_words) {
        const auto at = words.find(word);
        if (at == std::string_view::npos || at >= first) continue;
        first = at;
        out = reference;
    }
    return out;
}

std::optional<Form> form_of(std::string_view extension) {
    if (extension == ".crt" || extension == ".pem" || extension == ".cer" || extension == ".der") {
        return Form::certificate;
    }
    return extension == ".p12" || extension == ".pfx" ? std::optional{Form::key} : std::nullopt;
}

/// "8 - CHUID Object", "3 - ICAM_PIV_Auth_SP_800-73-4.crt".
std::optional<Meaning> numbered(std::string_view words) {
    for (const auto& [word, id] : object_words) {
        if (words == word) return Meaning{container_of_id(id)};
    }
    const auto dot = words.rfind('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const auto form = form_of(words.substr(dot));
    const auto reference = reference_of(words.substr(0, dot));
    if (!form || !reference) return std::nullopt;
    // the builder's own names are beside those that are for loading
    const unsigned rank = words.starts_with("ICAM_PIV_") ? 0 : words.starts_with("ICAM_Test_Card") ? 2 : 1;
    return Meaning{container_of_key(*reference), *form, rank};
}

/// "CHUID.bin" as `kartsaz read` names it, "3000.bin" by container, "9A.crt" and "9A.p12" by key.
std::optional<Meaning> plain(std::string_view name) {
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const auto stem = name.substr(0, dot), extension = name.substr(dot);
    if (extension == ".bin") {
        for (const auto& one : containers()) {
            if (stem == file_name(one)) return Meaning{&one};
        }
        const auto id = stem.size() == 4 ? number_of(stem, 16) : std::nullopt;
        const auto* container = id ? container_of_id(static_cast<std::uint16_t>(*id)) : nullptr;
        // other applications have files with such numbers; only the CHUID's is nobody else's
        if (container != nullptr) return Meaning{container, Form::value, 0, *id == id_chuid};
    }
    const auto form = form_of(extension);
    const auto reference = form && stem.size() == 2 ? number_of(stem, 16) : std::nullopt;
    const auto* container = reference ? container_of_key(static_cast<std::uint8_t>(*reference)) : nullptr;
    if (container == nullptr || container->id == id_sm_signer) return std::nullopt;
    return Meaning{container, *form};
}

std::optional<Meaning> meaning_of(std::string_view name) {
    const auto mark = name.find(numbered_mark);
    if (mark == std::string_view::npos || !number_of(name.substr(0, mark), 10)) return plain(name);
    return numbered(name.substr(mark + numbered_mark.size()));
}

[[noreturn]] void fail(const fs::path& file, const std::string& rule) {
    throw Error{Errc::input_invalid, fmt::format("{}: {}", file.string(), rule)};
}

/// A plain file that lies in the folder, also when it is a link, and is not larger than anything on a card.
void require_sound(const fs::path& folder, const fs::path& file) {
    std::error_code fault;
    const fs::path root = fs::canonical(folder, fault);
    const fs::path real = fault ? fs::path{} : fs::canonical(file, fault);
    if (fault) fail(file, "cannot be followed to a file: " + fault.message());
    if (real.parent_path() != root) fail(file, "the link leaves the folder");
    if (!fs::is_regular_file(real, fault)) fail(file, "is no plain file");
    const auto size = fs::file_size(real, fault);
    if (fault) fail(file, fault.message());
    if (size > largest_file) {
        fail(file, fmt::format("has {} bytes, an object of a card {} at most", size, largest_file));
    }
}

Bytes whole(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    Bytes out(largest_file + 1);
    in.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
    if (in.bad() || (!in.eof() && in.fail())) fail(file, "cannot be read");
    out.resize(static_cast<std::size_t>(in.gcount()));
    if (out.size() > largest_file) fail(file, "grew while it was read");
    return out;
}

/// PEM or DER, wrapped as a card holds it. Whether it is a certificate is for verification to tell.
Bytes certificate_value(const fs::path& file, const Container& container, ByteView content) {
    Bytes der = keys::pem_content(to_text(content), "CERTIFICATE", file.string());
    constexpr std::uint8_t sequence = 0x30;
    if (der.empty() && content.front() == sequence) der.assign(content.begin(), content.end());
    if (der.empty()) fail(file, "neither a PEM certificate (no line -----BEGIN CERTIFICATE-----) nor DER");
    return encode_certificate_object(make_certificate_object(der, false), container.name);
}

/// Files by what they are for: container, and whether it is its key. Of those for one thing only the best.
struct Candidates {
    unsigned rank = 0;
    std::vector<fs::path> files;
};
using Chosen = std::map<std::pair<std::uint16_t, bool>, Candidates>;

class Choice {
public:
    explicit Choice(const fs::path& folder) : folder_{folder} {}

    Chosen operator()() {
        std::error_code fault;
        if (!fs::is_directory(folder_, fault)) {
            throw Error{Errc::store_failed, folder_.string() + ": no such folder"};
        }
        std::vector<fs::path> all;
        fs::directory_iterator entries{folder_, fault};
        for (; !fault && entries != fs::directory_iterator{}; entries.increment(fault)) {
            all.push_back(entries->path());
            if (all.size() > most_entries) fail(folder_, fmt::format("more than {} files", most_entries));
        }
        if (fault) throw Error{Errc::store_failed, fmt::format("{}: {}", folder_.string(), fault.message())};
        std::sort(all.begin(), all.end());
        for (const auto& file : all) take(file);
        require_agreement();
        return std::move(chosen_);
    }

private:
    void take(const fs::path& file) {
        const auto meaning = meaning_of(file.filename().string());
        if (!meaning) return;
        auto& candidates = chosen_[{meaning->container->id, meaning->form == Form::key}];
        if (candidates.files.empty() || meaning->rank < candidates.rank) candidates = {meaning->rank, {}};
        if (meaning->rank == candidates.rank) candidates.files.push_back(file);
    }

    /// Of several files for one thing all must be the same.
    void require_agreement() const {
        for (const auto& [what, candidates] : chosen_) {
            for (const auto& file : candidates.files) {
                if (same(candidates.files.front(), file)) continue;
                const auto& name = container_of_id(what.first)->name;
                fail(file, fmt::format("{} is there twice: also as \"{}\"",
                                       what.second ? "the key of the " + name : name,
                                       candidates.files.front().filename().string()));
            }
        }
    }

    bool same(const fs::path& one, const fs::path& other) const {
        require_sound(folder_, one);
        if (one == other) return true;
        require_sound(folder_, other);
        return whole(one) == whole(other);
    }

    const fs::path& folder_;
    Chosen chosen_;
};

bool says_nothing(const Container& container, ByteView value) {
    const bool empty_discovery =
        container.id == id_discovery && value.size() == 2 && value[0] == 0x7E && value[1] == 0x00;
    return value.empty() || empty_discovery;
}

void load_object(const Container& container, const fs::path& file, ObjectFolder& out) {
    Bytes content = whole(file);
    if (says_nothing(container, content)) return;
    const auto form = meaning_of(file.filename().string())->form;
    if (form == Form::certificate) content = certificate_value(file, container, content);
    out.objects.push_back({container.id, file.filename().string(), std::move(content)});
}

void load_key(const Container& container, const fs::path& file, ObjectFolder& out) {
    std::error_code fault;
    if (fs::file_size(file, fault) == 0 || fault) return;
    auto opened = keys::read_pkcs12(file);
    out.keys.push_back({*container.key, file.filename().string(), std::move(opened.pem),
                        std::move(opened.public_key), std::move(opened.certificate)});
}

}  // namespace

const FolderObject* ObjectFolder::object(std::uint16_t id) const {
    const auto found =
        std::find_if(objects.begin(), objects.end(), [id](const auto& one) { return one.id == id; });
    return found == objects.end() ? nullptr : &*found;
}

const FolderKey* ObjectFolder::key(std::uint8_t reference) const {
    const auto found = std::find_if(keys.begin(), keys.end(),
                                    [reference](const auto& one) { return one.reference == reference; });
    return found == keys.end() ? nullptr : &*found;
}

bool is_object_folder(const fs::path& folder) {
    std::error_code fault;
    fs::directory_iterator entries{folder, fault};
    for (; !fault && entries != fs::directory_iterator{}; entries.increment(fault)) {
        const auto meaning = meaning_of(entries->path().filename().string());
        if (meaning && meaning->sure) return true;
    }
    return false;
}

ObjectFolder load_object_folder(const fs::path& folder) {
    const Chosen chosen = Choice{folder}();
    ObjectFolder out;
    out.path = folder;
    for (const auto& container : containers()) {
        for (const bool key : {false, true}) {
            const auto found = chosen.find({container.id, key});
            if (found == chosen.end()) continue;
            const fs::path& file = found->second.files.front();
            if (key) {
                load_key(container, file, out);
            } else {
                load_object(container, file, out);
            }
        }
    }
    if (out.objects.empty()) {
        fail(folder, "no object of a PIV card: a file like \"8 - CHUID Object\" or CHUID.bin is needed");
    }
    return out;
}

}  // namespace kartsaz::app::piv
