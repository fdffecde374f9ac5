// SPDX-License-Identifier: Apache-2.0
#include "keys/card_identity.h"

#include "keys/crypto.h"

namespace kartsaz::keys {
namespace {

constexpr std::string_view made = "unnamed-";

}  // namespace

std::string identity_of_card(std::string_view chip_name, std::string_view document_number) {
    return chip_name.empty() ? "document " + std::string{document_number} : "chip " + std::string{chip_name};
}

std::string card_name(std::string_view chip_name, std::string_view document_number) {
    if (!chip_name.empty()) return std::string{chip_name};
    return made_name(card_serial(identity_of_card(chip_name, document_number)));
}

std::string made_name(ByteView serial) {
    return std::string{made} + to_hex(serial);
}

bool is_made_name(std::string_view name) {
    return name.starts_with(made);
}

Bytes card_serial(std::string_view identity) {
    constexpr std::size_t size = 8;
    Bytes digest = sha256(to_bytes("token serial of " + std::string{identity}));
    digest.resize(size);
    return digest;
}

}  // namespace kartsaz::keys
