// Small things that share a word: states, request labels, text.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopSnapshot
#endif

/// Life of a slot, a unit record or a connection record; the low byte of its tenant word.
package enum Tenancy {
  package static let free: UInt32 = 0
  package static let live: UInt32 = 1
  /// Slot: said goodbye. Unit: its thread has ended, but what it left is still evidence.
  package static let gone: UInt32 = 2
  /// Slot: being claimed or reclaimed, nothing in it is valid yet.
  package static let claiming: UInt32 = 3
}

/// HTTP's own methods by number, so that no text from a client is ever stored as one. 0: not known.
package enum Method {
  private static let other: UInt8 = 255

  /// The number of a method's name. The bytes of a name, little-endian, are compared in one word.
  @inline(__always)
  package static func number(_ text: UnsafePointer<UInt8>, _ count: Int) -> UInt8 {
    if count < 1 || count > 7 { return other }
    var word: UInt64 = 0
    for index in 0..<count { word |= UInt64(text[index]) &<< UInt64(index &* 8) }
    switch word {
    case 0x54_4547: return 1
    case 0x4441_4548: return 2
    case 0x5453_4f50: return 3
    case 0x54_5550: return 4
    case 0x4554_454c_4544: return 5
    case 0x53_4e4f_4954_504f: return 6
    case 0x48_4354_4150: return 7
    default: return other
    }
  }

  /// How many names there are, and none.
  package static let count = 9

  /// The place of a number among the names: all unknown ones share the last.
  package static func index(_ number: UInt8) -> Int { min(Int(number), count - 1) }

  /// The name of a number.
  package static func name(_ number: UInt8) -> StaticString {
    switch number {
    case 0: ""
    case 1: "GET"
    case 2: "HEAD"
    case 3: "POST"
    case 4: "PUT"
    case 5: "DELETE"
    case 6: "OPTIONS"
    case 7: "PATCH"
    default: "OTHER"
    }
  }
}

/// A request's label in one word: method:8, name of the endpoint:24, name of the rule:24.
package struct Label {
  package let word: UInt64

  @inline(__always)
  package init(word: UInt64) { self.word = word }

  @inline(__always)
  package init(method: UInt8, endpoint: UInt32 = 0, rule: UInt32 = 0) {
    word = UInt64(method) | UInt64(endpoint & 0xff_ffff) &<< 8 | UInt64(rule & 0xff_ffff) &<< 32
  }

  @inline(__always) package var method: UInt8 { UInt8(truncatingIfNeeded: word) }
  @inline(__always) package var endpoint: UInt32 { UInt32(truncatingIfNeeded: word &>> 8) & 0xff_ffff }
  @inline(__always) package var rule: UInt32 { UInt32(truncatingIfNeeded: word &>> 32) & 0xff_ffff }
}

/// Whether a request is open on a unit, and where it is.
package enum Phase {
  package static let idle: UInt64 = 0
  package static let application: UInt64 = 1
  package static let streaming: UInt64 = 2
}

extension Words {
  /// Writes text into a field of `capacity` bytes, cut to it, with a zero after it. Returns the bytes kept.
  package func storeText(_ index: Int, _ text: UnsafeRawBufferPointer, capacity: Int) -> Int {
    let kept = min(text.count, capacity)
    var byte = 0
    var word = index
    while byte <= kept {
      var value: UInt64 = 0
      var shift: UInt64 = 0
      while shift < 64 && byte < kept {
        value |= UInt64(text[byte]) &<< shift
        byte &+= 1
        shift &+= 8
      }
      store(word, value)
      if shift < 64 { break }
      word &+= 1
    }
    return kept
  }
}
