// Several targets as they stand on the command line: what each is called on the screen, and which app it means.

import CtxtopStore

/// Targets to be watched together.
struct TargetList {
  /// As they were written.
  let texts: [String]
  /// What they are called on the screen; no two are equal.
  let names: [String]

  /// Targets as they were written, at least two.
  init(_ texts: [String]) throws {
    for (index, text) in texts.enumerated() where texts[..<index].contains(text) {
      throw Failure.sameApp(text, text)
    }
    self.texts = texts
    let short = texts.map(Self.shortName)
    names = texts.indices.map { index in
      short.count { $0 == short[index] } == 1 ? short[index] : texts[index]
    }
  }

  /// All apps that somebody listens for; one alone is no list.
  static func running() throws -> [String] {
    let services = Services.find(in: .ofThisUser())
    let running = services.listening
    guard !running.isEmpty else { throw Failure(StoreError.nothingFound(searched: services.searched)) }
    return running.map { service in
      running.count { $0.name == service.name } == 1 ? service.name : service.socketPath
    }
  }

  /// The app that the target at an index means now.
  func locate(_ index: Int) throws(Failure) -> Endpoint {
    let place: Place
    do { place = try Target(texts[index]).locate(in: .ofThisUser()) } catch { throw Failure(error) }
    guard case .live(let endpoint) = place else {
      throw Failure(
        "watching several targets", "\(texts[index]) holds what was seen of an app, and is no app",
        "give names or sockets of apps; a file is looked at by itself", .usage)
    }
    return endpoint
  }

  /// Whether it may be found later.
  func mayComeLater(_ index: Int) -> Bool { (try? Target(texts[index]))?.mayComeLater ?? false }

  /// `shop` of `/run/ctxtop/shop.sock`, `a/shop` of `ssh://me@a/shop`.
  private static func shortName(_ text: String) -> String {
    if let scheme = text.firstRange(of: "://") {
      let rest = text[scheme.upperBound...]
      let host = rest.prefix { $0 != "/" }
      return String(host.lastIndex(of: "@").map { rest[rest.index(after: $0)...] } ?? rest)
    }
    let file = text.lastIndex(of: "/").map { text[text.index(after: $0)...] } ?? text[...]
    let stem = file.hasSuffix(".sock") ? file.dropLast(5) : file
    return stem.isEmpty ? text : String(stem)
  }
}

extension Endpoint {
  /// Whether both are one app.
  func isSameApp(as other: Endpoint) -> Bool {
    func isSame(_ one: String?, _ other: String?) -> Bool {
      guard let one, let other else { return false }
      return one == other || System.realPath(one).map { $0 == System.realPath(other) } ?? false
    }
    return isSame(socketPath, other.socketPath) || isSame(segmentPath, other.segmentPath)
  }
}

extension Failure {
  /// Two targets of several are one app.
  static func sameApp(_ one: String, _ other: String) -> Failure {
    Failure("watching \(one) and \(other)", "they are the same app", "name it once", .usage)
  }
}
