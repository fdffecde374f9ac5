// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace kartsaz::perso {

/// Content that somebody else made ready for one card, in place of a record. Only the application that loaded
/// it looks inside.
class Material {
public:
    Material() = default;
    Material(const Material&) = delete;
    Material& operator=(const Material&) = delete;
    virtual ~Material() = default;

    /// Names the content in journal and receipt without telling it: SHA-256, hexadecimal. Of public content
    /// only: a private key counts by its public one.
    virtual std::string digest() const = 0;
    /// What a chip without a name of its own is known by, as by a document number.
    virtual std::string card_number() const = 0;
};

}  // namespace kartsaz::perso
