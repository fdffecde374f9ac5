// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apdu/bytes.h"

/// The simulated card body. Computed with Botan, written from the standards as a card would be; it shares
/// no encoder, channel or constant with the host code it is there to test: of the project it
/// includes only apdu/bytes.h and apdu/error.h.
namespace kartsaz::sim {

/// Which card it behaves like.
struct BodyKind {
    std::string name;         ///< "kartsaz", "jmrtd", "isoapplet", "pivapplet", ..
    std::string description;  ///< one line for people
};
const std::vector<BodyKind>& body_kinds();

struct NewBody {
    std::string kind = "kartsaz";
    std::optional<std::uint32_t> serial;  ///< IC serial number in the CPLC; random when empty
    std::optional<Bytes> seed;  ///< makes every random of this body repeatable: for tests and benches only
    std::uint8_t scp = 3;       ///< secure channel protocol of the card manager: 02 or 03
    /// Its parameter, 70 or 55 without one: SCP03 00 10 20 30 60 70, |01 for S16; SCP02 15 35 55 75.
    std::optional<std::uint8_t> scp_i{};
    std::string link = "contact";  ///< link-time model, see link_model.h
    bool bare = false;             ///< packages are loaded, instances are made by INSTALL
    bool open = false;  ///< kind "kartsaz": written in the clear until locked, as an applet without SCP03
    bool import_allowed = false;  ///< the signature application takes private keys from outside (PUT DATA)
};

/// Things that go wrong on purpose. APDUs are counted from 1 since power_on() of the process or since set.
struct Faults {
    enum class Kind {
        none,
        cut_before,
        cut_after,
        drop_response,
        flip_response_bit,
        answer_sw,
        slow,
        cut_in_write
    };
    Kind kind = Kind::none;
    std::uint64_t at = 0;     ///< the APDU it happens at
    std::uint32_t value = 0;  ///< bit number, status word, milliseconds, or bytes written before the cut
};

/// A card was pulled or lost power: no response. What a reader reports as "card removed".
class PowerLost;

/// One card body. Not thread safe. Persistent state changes are saved, atomically, before the response is
/// given.
class Body {
public:
    /// A new body held in memory only.
    static std::unique_ptr<Body> create(const NewBody& options);
    /// A new body in a file. @throws Error{store_failed}, Error{usage} when the file exists
    static std::unique_ptr<Body> create(const std::filesystem::path& file, const NewBody& options);
    /// An existing one; held under an exclusive lock. @throws Error{store_failed} naming file, offset and
    /// rule
    static std::unique_ptr<Body> open(const std::filesystem::path& file);

    Body() = default;
    Body(const Body&) = delete;
    Body& operator=(const Body&) = delete;
    virtual ~Body() = default;

    virtual Bytes power_on() = 0;  ///< cold reset; returns the ATR
    virtual void power_off() = 0;
    virtual Bytes reset() = 0;  ///< warm reset; returns the ATR
    virtual Bytes atr() const = 0;
    /// One wire exchange, short or extended; malformed commands are answered (6700), never ignored.
    /// @throws PowerLost by a fault hook; the body then is off until power_on().
    virtual Bytes transmit(ByteView command) = 0;

    virtual void set_faults(const std::vector<Faults>& faults) = 0;
    /// APDUs answered since create() or open().
    virtual std::uint64_t apdu_count() const = 0;

    /// Link-time model: seconds that the exchanges so far would have taken, by part.
    struct Time {
        double link = 0;     ///< characters and blocks on the wire
        double compute = 0;  ///< cryptography and command handling
        double write = 0;    ///< non-volatile memory
        double total() const { return link + compute + write; }
    };
    virtual Time time() const = 0;
    virtual void reset_time() = 0;
    /// Sleep for the modelled time (true) or only count it (false, the default).
    virtual void sleep_for_time(bool on) = 0;

    /// For tests: names and sizes of the files that the applications hold, and one byte of one of them. No
    /// two files of a body have the same identifier. Directories and record files are not listed.
    struct FileInfo {
        std::uint16_t fid;
        std::string name;
        std::size_t size;
    };
    virtual std::vector<FileInfo> files() const = 0;
    /// Flips bits of one stored byte, past every access rule. @throws Error{usage}
    virtual void flip(std::uint16_t fid, std::size_t offset, std::uint8_t mask) = 0;
    /// The whole persistent state, for snapshots in tests: restore(snapshot()) changes nothing.
    virtual Bytes snapshot() const = 0;
    virtual void restore(ByteView snapshot) = 0;
    /// What is on it, for people: kind, serial, life cycle, keys (version and KCV only), files, state.
    virtual std::string describe_json() const = 0;
};

}  // namespace kartsaz::sim
