// Where something was pushed or taken, as it is shown: `Shop/Cart.swift:41 checkout()`. Text is made and given to the
// agent once for each place in the code, then found again by its address.

import CtxtopAgent
import CtxtopScoreboard

/// A place in the code.
struct CallSite {
  let file: StaticString
  let line: UInt
  let function: StaticString
}

/// The names of the places that one unit has met lately.
struct CallSites {
  private struct Known {
    var file: UnsafePointer<UInt8>?
    var line: UInt = 0
    var attachment: UInt64 = 0
    var name: UInt32 = 0
  }

  private static let size = 16  // a power of two
  private var known: [Known] = []

  /// The name of a place; 0 where nothing is attached.
  @inline(__always)
  mutating func name(_ site: CallSite) -> UInt32 {
    let attachment = Agent.attachment
    if attachment == 0 { return 0 }
    let index = Int(truncatingIfNeeded: site.line &+ UInt(bitPattern: site.file.utf8Start) &>> 4) & (Self.size &- 1)
    if known.isEmpty { known = Array(repeating: Known(), count: Self.size) }
    let entry = known[index]
    if entry.file == site.file.utf8Start, entry.line == site.line, entry.attachment == attachment { return entry.name }
    let name = UInt32(truncatingIfNeeded: Agent.name("\(site.file):\(site.line) \(site.function)"))
    known[index] = Known(file: site.file.utf8Start, line: site.line, attachment: attachment, name: name)
    return name
  }
}
