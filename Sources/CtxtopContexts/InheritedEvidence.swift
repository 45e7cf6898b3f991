// Sessions that were inherited and have ended: the latest are kept as evidence, so that they do not fill the table.

import CtxtopAgent
import CtxtopScoreboard

enum InheritedEvidence {
  private static let kept = 16
  private static let latest = Guarded<(attachment: UInt64, tokens: [HoldingToken])>((0, []))

  static func keep(_ token: HoldingToken) {
    let oldest = latest.withLock { latest -> HoldingToken? in
      if latest.attachment != Agent.attachment { latest = (Agent.attachment, []) }
      latest.tokens.append(token)
      return latest.tokens.count > kept ? latest.tokens.removeFirst() : nil
    }
    if let oldest { Agent.released(oldest) }
  }
}
