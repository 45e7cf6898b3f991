// ssh://[user@]host[:port]/app-or-path, as it stands on the command line. Whoever wrote it may have copied it from
// somewhere: nothing in it may become an option of ssh, a word for a shell, or a sequence for a terminal.
//
//   ssh://prod-3/shop                       the app called shop
//   ssh://prod-3                            the only app there
//   ssh://prod-3/run/ctxtop/shop.sock       a path: more than one part
//   ssh://prod-3//shop.sock                 a path of one part

/// What a target on another host is.
package struct RemoteTarget: Equatable, Hashable, Sendable {
  /// Which account of which host.
  package let account: RemoteAccount
  /// What is meant there.
  package let app: RemoteApp

  /// A target with every part given.
  package init(account: RemoteAccount, app: RemoteApp) {
    self.account = account
    self.app = app
  }

  /// How a target of this kind begins.
  package static let scheme = "ssh://"

  /// Reads a target; throws what is wrong with it.
  package init(_ text: String) throws(StoreError) {
    do {
      let rest = try Self.decoded(text.dropFirst(Self.scheme.count), of: text)
      let slash = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
      account = try RemoteAccount(rest[..<slash])
      app = try RemoteApp(rest[slash...].dropFirst())
    } catch {
      throw .badTarget(text, reason: error.reason)
    }
  }

  /// As it would be written behind `ssh://`: what it is shown by.
  package var name: String {
    switch app {
    case .onlyOne: account.name
    case .name(let name): "\(account.name)/\(name)"
    case .path(let path): account.name + (path.dropFirst().contains("/") ? path : "/" + path)
    }
  }

  /// `%2F` as what it stands for. Where a part ends is decided behind that: a name with a slash is a path anyway.
  private static func decoded(_ text: Substring, of whole: String) throws(RemoteMistake) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte != UInt8(ascii: "%") {
        bytes.append(byte)
      } else if let high = rest.popFirst().flatMap(hexadecimal), let low = rest.popFirst().flatMap(hexadecimal) {
        bytes.append(high << 4 | low)
      } else {
        throw RemoteMistake("% is not followed by two hexadecimal digits")
      }
    }
    return bytes
  }

  private static func hexadecimal(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 65...70: byte - 55
    case 97...102: byte - 87
    default: nil
    }
  }
}

/// What is wrong with a target.
struct RemoteMistake: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}

/// What is meant on another host.
package enum RemoteApp: Equatable, Hashable, Sendable {
  /// The only app there.
  case onlyOne
  /// An app's name.
  case name(String)
  /// An absolute path.
  case path(String)

  /// What is behind the slash that ends the host.
  fileprivate init(_ bytes: ArraySlice<UInt8>) throws(RemoteMistake) {
    guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { throw RemoteMistake("it has control characters") }
    let text = String(decoding: bytes, as: UTF8.self)
    guard Array(text.utf8) == Array(bytes) else { throw RemoteMistake("it is not UTF-8") }
    if text.isEmpty {
      self = .onlyOne
    } else if text.utf8.count > 1024 {
      throw RemoteMistake("the path is too long")
    } else if text.contains("/") {
      self = .path(text.hasPrefix("/") ? text : "/" + text)
    } else {
      guard Service.isName(text) else {
        throw RemoteMistake("'\(text)' is no app's name, and a path of one part is written with two slashes")
      }
      self = .name(text)
    }
  }

  /// What tells apps of one host apart.
  var key: String { argument ?? "" }

  /// As a target on that host's command line; nil: none.
  package var argument: String? {
    switch self {
    case .onlyOne: nil
    case .name(let text), .path(let text): text
    }
  }
}

/// An account on another host, as the user would name it to ssh.
package struct RemoteAccount: Equatable, Hashable, Sendable {
  /// The user's name; nil: ssh knows.
  package let user: String?
  /// A host's name, its address, or what ssh's configuration calls it.
  package let host: String
  /// The port; nil: ssh knows.
  package let port: UInt16?

  /// `user@host:port`, `host`, `[::1]:2222`.
  init(_ bytes: ArraySlice<UInt8>) throws(RemoteMistake) {
    var rest = bytes
    // A user's name may hold @: a host's cannot.
    if let at = rest.lastIndex(of: UInt8(ascii: "@")) {
      user = try Self.word(rest[..<at], "user", allowing: "._+-@\\")
      rest = rest[rest.index(after: at)...]
    } else {
      user = nil
    }
    if rest.first == UInt8(ascii: "[") {
      guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { throw RemoteMistake("the bracket has no end") }
      host = try Self.word(rest.dropFirst()[..<end], "host", allowing: ".:%_-")
      port = try Self.port(rest[rest.index(after: end)...])
    } else {
      let colon = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.endIndex
      host = try Self.word(rest[..<colon], "host", allowing: "._+-")
      port = try Self.port(rest[colon...])
    }
  }

  /// As it would be written behind `ssh://`.
  package var name: String {
    let host = host.contains(":") ? "[\(host)]" : host
    return (user.map { "\($0)@" } ?? "") + host + (port.map { ":\($0)" } ?? "")
  }

  /// Letters, digits, and a few more: neither a shell nor ssh finds anything in it. What begins with a dash could
  /// be taken for an option.
  private static func word(
    _ bytes: ArraySlice<UInt8>, _ what: String, allowing others: String
  ) throws(RemoteMistake) -> String {
    if bytes.isEmpty { throw RemoteMistake("it names no \(what)") }
    if bytes.first == UInt8(ascii: "-") { throw RemoteMistake("a \(what) cannot begin with a dash") }
    guard bytes.count <= 255 else { throw RemoteMistake("the \(what) is too long") }
    let others = Set(others.utf8)
    for byte in bytes where !isAlphanumeric(byte) && !others.contains(byte) {
      let shown = (33...126).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "that character"
      throw RemoteMistake("\(shown) cannot be in the name of a \(what)")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
  }

  /// `:2222`, or nothing.
  private static func port(_ bytes: ArraySlice<UInt8>) throws(RemoteMistake) -> UInt16? {
    if bytes.isEmpty { return nil }
    let digits = bytes.dropFirst()
    guard bytes.first == UInt8(ascii: ":"), !digits.isEmpty, digits.allSatisfy({ (48...57).contains($0) }),
      let port = UInt16(String(decoding: digits, as: UTF8.self)), port > 0
    else { throw RemoteMistake("behind the host comes a port from 1 to 65535, or a slash") }
    return port
  }
}
