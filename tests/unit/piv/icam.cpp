// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/piv/icam.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "libcard/app/piv/containers.h"
#include "libcard/app/piv/objects.h"
#include "tests/support/vectors.h"

namespace kartsaz::test {
namespace fs = std::filesystem;
namespace piv = app::piv;
namespace {

const std::map<std::string, std::uint16_t> object_files{{"1 - Discovery Object", piv::id_discovery},
                                                        {"2 - Security Object", piv::id_security_object},
                                                        {"7 - CCC", piv::id_ccc},
                                                        {"8 - CHUID Object", piv::id_chuid},
                                                        {"9 - Fingerprints", piv::id_fingerprints},
                                                        {"10 - Face Object", piv::id_face},
                                                        {"11 - Printed Information", piv::id_printed},
                                                        {"13 - Key History Object", piv::id_key_history}};
const std::map<std::string, std::uint16_t> certificate_files{
    {"3 - ICAM_PIV_Auth_SP_800-73-4.crt", piv::id_piv_certificate},
    {"4 - ICAM_PIV_Dig_Sig_SP_800-73-4.crt", piv::id_signature_certificate},
    {"5 - ICAM_PIV_Key_Mgmt_SP_800-73-4.crt", piv::id_management_certificate},
    {"6 - ICAM_PIV_Card_Auth_SP_800-73-4.crt", piv::id_card_certificate}};

std::optional<fs::path> icam_dir() {
    const auto shared = shared_dir();
    if (!shared || !fs::is_directory(*shared / "data" / "icam")) return std::nullopt;
    return *shared / "data" / "icam";
}

Bytes base64(std::string_view text) {
    static constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    Bytes out;
    unsigned held = 0;
    int bits = 0;
    for (const char c : text) {
        const auto digit = alphabet.find(c);
        if (digit == std::string_view::npos) continue;
        held = held << 6U | static_cast<unsigned>(digit);
        if ((bits += 6) < 8) continue;
        bits -= 8;
        out.push_back(static_cast<std::uint8_t>(held >> bits));
    }
    return out;
}

Bytes pem_certificate(const fs::path& file) {
    static const std::string begin = "-----BEGIN CERTIFICATE-----";
    const auto text = to_text(read_bytes(file));
    const auto start = text.find(begin);
    const auto end = text.find("-----END CERTIFICATE-----");
    if (start == std::string::npos || end == std::string::npos) {
        throw std::runtime_error{"no certificate in " + file.string()};
    }
    return base64(std::string_view{text}.substr(start + begin.size(), end - start - begin.size()));
}

IcamCard load_card(const fs::path& folder) {
    IcamCard out{folder.filename().string().substr(0, 2), folder.filename().string(), {}, folder};
    for (const auto& [file, id] : object_files) {
        if (fs::exists(folder / file)) out.objects[id] = read_bytes(folder / file);
    }
    auto certificates = certificate_files;
    for (unsigned n = 1; n <= 5; ++n) {
        const auto file = fmt::format("{} - ICAM_PIV_Key_Hist{}_SP_800-73-4_PPS.crt", 13 + n, n);
        certificates[file] = static_cast<std::uint16_t>(piv::id_retired_first + n - 1);
    }
    for (const auto& [file, id] : certificates) {
        if (!fs::exists(folder / file)) continue;
        const auto object = piv::make_certificate_object(pem_certificate(folder / file), false);
        out.objects[id] = piv::encode_certificate_object(object, piv::container_of_id(id)->name);
    }
    return out;
}

}  // namespace

const std::vector<IcamCard>& icam_cards() {
    static const auto all = [] {
        std::vector<IcamCard> out;
        const auto dir = icam_dir();
        if (!dir) return out;
        for (const auto& entry : fs::directory_iterator{*dir}) {
            const auto name = entry.path().filename().string();
            if (entry.is_directory() && name.find("ICAM_CA") != 0) out.push_back(load_card(entry.path()));
        }
        std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
        return out;
    }();
    if (all.empty()) WARN("the ICAM cards are not there (KARTSAZ_SHARED); this test showed nothing");
    return all;
}

const IcamCard& icam_card_of(const std::string& number) {
    for (const auto& card : icam_cards()) {
        if (card.number == number) return card;
    }
    throw std::runtime_error{"no ICAM card " + number};
}

Bytes icam_certificate(const std::string& path_below_icam) {
    return pem_certificate(icam_dir().value() / path_below_icam);
}

}  // namespace kartsaz::test
