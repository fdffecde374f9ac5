// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "apdu/transport.h"

/// How large commands and responses may be: what card and reader say about it.
namespace kartsaz::reader {

/// Asks the card, which must be in the state after power-up: short unless its ATR claims extended length;
/// then EF.ATR/INFO (2F01) is selected and read (2 APDUs) and its DO 7F66 counts; 2048 bytes both ways when
/// the file or the object is absent. A file that breaks a rule means short.
/// @param reader_max  data bytes that the reader takes in one APDU, 0: short ones only; empty: it does not
/// say
/// @throws Error{card_removed}, Error{reader_failed} when no response came
apdu::BlockLimits learn_limits(apdu::Transport& card, std::optional<std::size_t> reader_max = std::nullopt);

/// Asks a reader for its own limit, see learn_limits().
using ReaderMax = std::function<std::optional<std::size_t>()>;

/// `raw` with limits: learned once, here, not again at a reset. What was learned, a refusal of extended
/// length too, is remembered in this process for `reader` with this ATR, so that the next card of the kind is
/// not asked again.
/// @param reader  name for that memory; empty: not remembered
std::unique_ptr<apdu::Transport> with_limits(std::unique_ptr<apdu::Transport> raw, const std::string& reader,
                                             const ReaderMax& reader_max = {});

/// The control code of a feature in the answer to CM_IOCTL_GET_FEATURE_REQUEST: tag, length 4, code in
/// big-endian. Empty when it is not there or the answer is broken. Source: PC/SC part 10, 2.2
std::optional<std::uint32_t> feature_code(ByteView features, std::uint8_t tag);

/// dwMaxAPDUDataSize (property 0A, little-endian) in the answer to FEATURE_GET_TLV_PROPERTIES: 0 short only,
/// else the largest data size. Source: PC/SC part 10, 2.6.14
std::optional<std::size_t> max_apdu_data_size(ByteView properties);

}  // namespace kartsaz::reader
