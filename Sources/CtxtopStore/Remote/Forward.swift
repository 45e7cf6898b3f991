// A socket of ours that ssh forwards. Whoever reads of an error never saw its path: errors name what it leads to.

/// Where a forwarded socket is, and what it leads to.
struct Forward: Equatable, Sendable {
  /// The account that it leads to.
  let account: RemoteAccount
  /// Its path on this machine: made up, in our own directory.
  let local: String
  /// The path of the app's socket on the other host.
  let remote: String

  /// What an error of the local socket means. ssh takes a connection before it knows whether anybody is at the other
  /// end, and closes it when nobody is, or when sshd forwards nothing: which of them, sshd does not say.
  func explain(_ reason: StoreError) -> StoreError {
    let far = "\(remote) on \(account.name)"
    switch reason {
    case .closed, .noListener: return .nobodyAt(host: account.name, path: remote)
    case .silent: return .silent(far)
    case .stalled: return .stalled(far)
    case .notOurProtocol: return .notOurProtocol(far)
    case .refusedRequest(_, let message): return .refusedRequest(far, message: message)
    case .otherRecordVersion(_, let version): return .otherRecordVersion(far, version: version)
    case .damagedRecord(_, let reason): return .damagedRecord(far, reason: reason)
    // The forwarded socket goes with its connection.
    case .system(let error, _): return error.isAbsence ? .closed(far) : .system(error, path: far)
    default: return reason
    }
  }
}
