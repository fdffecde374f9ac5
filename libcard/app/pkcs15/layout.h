// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "keys/citizen_certificate.h"
#include "libcard/app/pkcs15/application.h"
#include "libcard/app/pkcs15/objects.h"

/// What the files of the application must say. Objects that the holder added with other software are kept.
namespace kartsaz::app::pkcs15 {

/// A directory file of ours.
struct Layout {
    std::uint16_t fid = 0;
    const char* name;
    const char* title;
    std::size_t capacity = 0;  ///< allocated: room to renew, and for objects that the holder adds
};
/// EF.ODF, EF.TokenInfo, EF.AODF: their content follows from the profile and the card alone.
const std::vector<Layout>& static_files();
/// EF.PuKDF, EF.PrKDF, EF.CDF in the order they are written: what tells of an object comes after the object.
const std::vector<Layout>& key_directories();
/// EF.DIR, written last of all: it tells of an application that is complete.
const Layout& dir_file();
const Layout& layout_of(std::uint16_t fid);

/// What the file must hold: what is there already when it says the same, else ours and what else is there.
/// @param seen  content on the card; empty: the file is not there or not readable as such
Bytes static_content(std::uint16_t fid, const Options& options, const std::string& identity, ByteView seen);

/// A slot with what is known or learned of it.
struct SlotContent {
    const Slot* slot = nullptr;
    Bytes public_key;                   ///< SubjectPublicKeyInfo
    std::uint16_t certificate_fid = 0;  ///< where its certificate is
    std::vector<std::uint16_t> held{};  ///< SlotView::held
};
Bytes directory_content(std::uint16_t fid, const std::vector<SlotContent>& slots, const Options& options,
                        ByteView seen);
/// Objects of a directory; 0 when it cannot be read as such.
std::size_t count_objects(std::uint16_t fid, ByteView content);

/// A whole certificate in one of a slot's files.
struct SeenCertificate {
    std::uint16_t fid = 0;
    Bytes der;
    keys::CitizenCertificate says;
};
/// What the card tells of one slot.
struct SlotView {
    Bytes public_key;                     ///< empty: no key that was kept
    bool from_file = false;               ///< it is whole in its own file; else only a certificate tells it
    bool key_listed = false;              ///< EF.PrKDF names the slot's key reference
    std::string listed_label;             ///< under this label
    std::optional<std::uint16_t> listed;  ///< the certificate file that EF.CDF names for the slot
    std::vector<SeenCertificate> certificates;  ///< of the slot's key, whole
    std::vector<std::uint16_t> leftovers;       ///< files of the slot that hold nothing of use
    std::vector<std::uint16_t> held;            ///< certificate files of the slot that hold another's object

    const SeenCertificate* certificate(std::optional<std::uint16_t> fid) const;
    bool holds_other(std::uint16_t fid) const;
};
SlotView view_of(const Slot& slot, const State& state);

}  // namespace kartsaz::app::pkcs15
