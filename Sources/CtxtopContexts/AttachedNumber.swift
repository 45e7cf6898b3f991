// Numbers that the agent gave out hold under one attachment only: a process that is forked, or attached anew, must ask
// again. Two threads that ask at once get the same answer, or two that mean the same.

import CtxtopAgent
import CtxtopScoreboard
import Synchronization

/// A number of up to 48 bits, kept together with the attachment it belongs to.
final class AttachedNumber: Sendable {
  private let word = Atomic<UInt64>(0)

  /// The number; made by `make` where there is none for the present attachment. 0 where nothing is attached.
  @inline(__always)
  func value(_ make: () -> UInt64) -> UInt64 {
    let attachment = Agent.attachment & 0xffff
    if attachment == 0 { return 0 }
    let known = word.load(ordering: .relaxed)
    if known &>> 48 == attachment { return known & 0xffff_ffff_ffff }
    let made = make() & 0xffff_ffff_ffff
    word.store(attachment &<< 48 | made, ordering: .relaxed)
    return made
  }
}

/// A token of the agent, and the attachment it holds under: in the child of a fork it is nobody's.
final class AttachedToken: Sendable {
  /// Index + 1 of 16 bits, generation of 32, attachment of 16; 0: there is none.
  private let word = Atomic<UInt64>(0)

  var value: HoldingToken? {
    get {
      let word = word.load(ordering: .acquiring)
      let index = UInt32(truncatingIfNeeded: word) & 0xffff
      guard index > 0, word &>> 48 == Agent.attachment & 0xffff else { return nil }
      return HoldingToken(index: index &- 1, generation: UInt32(truncatingIfNeeded: word &>> 16))
    }
    set {
      let token = newValue.map { UInt64($0.index &+ 1) | UInt64($0.generation) &<< 16 } ?? 0
      word.store((Agent.attachment & 0xffff) &<< 48 | token, ordering: .releasing)
    }
  }

  /// Whether the present attachment was never told of it.
  var isUnknown: Bool { Agent.attachment != 0 && word.load(ordering: .relaxed) &>> 48 != Agent.attachment & 0xffff }
}

extension Agent {
  /// The number of a text as a word. Not for the event path.
  @inline(never)
  static func name(_ text: String) -> UInt64 {
    var text = text
    return UInt64(text.withUTF8 { Agent.name(UnsafeRawBufferPointer($0)) } as UInt32)
  }
}
