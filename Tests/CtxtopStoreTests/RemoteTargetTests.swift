// What an ssh:// target means, and what must never be in one.

import Testing

@testable import CtxtopStore

@Suite struct RemoteTargetTests {
  private func read(_ text: String) throws -> RemoteTarget { try RemoteTarget(text) }

  @Test(arguments: [
    ("ssh://prod-3/shop", "prod-3", RemoteApp.name("shop")), ("ssh://prod-3", "prod-3", .onlyOne),
    ("ssh://prod-3/", "prod-3", .onlyOne), ("ssh://ann@prod-3:2222/shop", "ann@prod-3:2222", .name("shop")),
    ("ssh://[::1]/shop", "[::1]", .name("shop")),
    ("ssh://[fe80::1%25eth0]:22/shop", "[fe80::1%eth0]:22", .name("shop")),
    ("ssh://a%40b@h/shop", "a@b@h", .name("shop")), ("ssh://CORP%5Cann@h/x", "CORP\\ann@h", .name("x")),
    ("ssh://h/run/ctxtop/shop.sock", "h", .path("/run/ctxtop/shop.sock")),
    ("ssh://h//shop.sock", "h", .path("/shop.sock")),
    ("ssh://h/a%2Fb", "h", .path("/a/b")), ("ssh://h/run/my%20app.sock", "h", .path("/run/my app.sock")),
    ("ssh://h/run/b\u{e9}.sock", "h", .path("/run/b\u{e9}.sock")),
  ])
  func isRead(_ text: String, account: String, app: RemoteApp) throws {
    let target = try read(text)
    #expect(target.account.name == account)
    #expect(target.app == app)
  }

  @Test(arguments: [
    "ssh://", "ssh:///shop", "ssh://@h/x", "ssh://-h/x", "ssh://-u@h/x", "ssh://h:/x", "ssh://h:0/x", "ssh://h:65536/x",
    "ssh://h:+1/x", "ssh://h:1a/x", "ssh://[::1/x", "ssh://[::1]x/x", "ssh://[]/x", "ssh://h h/x", "ssh://h\u{1b}/x",
    "ssh://h`id`/x", "ssh://h;id/x", "ssh://h\"/x", "ssh://h%0a/x", "ssh://u'@h/x", "ssh://h/%0a", "ssh://h/a\u{7f}/b",
    "ssh://h/%ff%fe/x", "ssh://h/%", "ssh://h/%2", "ssh://h/%+1", "ssh://h/a b", "ssh://h/-\u{e9}",
  ])
  func isRefused(_ text: String) {
    #expect(throws: StoreError.self) { try read(text) }
  }

  @Test func aNameLeadsBackToTheTarget() throws {
    for text in ["prod-3", "prod-3/shop", "ann@[::1]:22/run/x.sock", "h//x.sock"] {
      #expect(try read("ssh://" + text).name == text)
    }
  }

  @Test func whatRandomBytesGetThroughIsHarmless() throws {
    var random = SystemRandomNumberGenerator()
    let alphabet = Array("ab-@:/[]%2F5c'\"$`;|&<>(){}\\ \n\u{1b}~*?#!=.é".unicodeScalars)
    for _ in 0..<5_000 {
      var text = RemoteTarget.scheme
      for _ in 0..<Int.random(in: 0..<12, using: &random) {
        text.unicodeScalars.append(alphabet.randomElement(using: &random) ?? "a")
      }
      guard let target = try? RemoteTarget(text) else { continue }
      let account = target.account
      for word in [account.user, account.host].compactMap({ $0 }) {
        #expect(!word.isEmpty && !word.hasPrefix("-"))
        #expect(word.utf8.allSatisfy { $0 > 32 && $0 < 127 && !"'\"$`;|&<>(){}~*?#!=/".utf8.contains($0) })
      }
      if let argument = target.app.argument { #expect(argument.utf8.allSatisfy { $0 >= 32 && $0 != 127 }) }
    }
  }
}

@Suite struct ShellWordsTests {
  /// What a real shell makes of a line, word by word.
  private func words(of line: String) throws -> [String] {
    let output = try System.output(of: "/bin/sh", ["-c", "printf '%s\\0' \(line)"], within: 10_000_000_000)
    return String(decoding: try #require(output), as: UTF8.self).split(
      separator: "\0", omittingEmptySubsequences: false
    )
    .dropLast().map(String.init)
  }

  @Test func aShellReadsExactlyTheseWords() throws {
    var random = SystemRandomNumberGenerator()
    let alphabet = Array("a' \"$`\\\n\t;|&<>(){}[]*?~!#=%^-é\u{1b}".unicodeScalars)
    for _ in 0..<100 {
      let expected = (0..<20).map { _ in
        var word = ""
        for _ in 0..<Int.random(in: 0..<10, using: &random) {
          word.unicodeScalars.append(alphabet.randomElement(using: &random) ?? "a")
        }
        return word
      }
      #expect(try words(of: ShellWords.line(expected)) == expected)
    }
  }

  @Test func whatNeedsNoQuotesHasNone() {
    #expect(ShellWords.line(["ctxtop", "relay", "--", "shop"]) == "ctxtop relay -- shop")
  }
}

@Suite struct FarListingTests {
  private static let listing = """
    1000
    drwx------ 2 1000 1000  80 Nov 22 23:40 /run/user/1000/ctxtop
    srw------- 1 1000 1000   0 Nov 22 23:40 /run/user/1000/ctxtop/shop-0a1b2c.sock
    srw------- 1 1000 1000   0 Nov 22 23:40 /run/user/1000/ctxtop/shop-0a1b2c.sock
    drwxr-xr-x 2    0    0  60 Nov 22 23:40 /run/ctxtop
    srw-rw---- 1    0    0   0 Nov 22 23:40 /run/ctxtop/chat.sock
    -rw------- 1    0    0   0 Nov 22 23:40 /run/ctxtop/file.sock
    lrwxrwxrwx 1    0    0   0 Nov 22 23:40 /run/ctxtop/link.sock -> /tmp/x.sock
    drwx------ 2 1001 1001  60 Nov 22 23:40 /dev/shm/ctxtop-1001
    srw------- 1 1001 1001   0 Nov 22 23:40 /dev/shm/ctxtop-1001/foreign.sock
    drwxrwxrwx 2 1000 1000  60 Nov 22 23:40 /dev/shm/ctxtop-1000
    srw------- 1 1000 1000   0 Nov 22 23:40 /dev/shm/ctxtop-1000/unsafe.sock
    lrwxrwxrwx 1 1000 1000   0 Nov 22 23:40 /dev/shm/ctxtop-7 -> /run/ctxtop
    srw------- 1 1000 1000   0 Nov 22 23:40 /dev/shm/ctxtop-7/elsewhere.sock
    srw------- 1 1000 1000   0 Nov 22 23:40 /run/ctxtop/we?rd.sock

    """

  @Test func onlyWhatIsSafeIsFound() throws {
    let services = try #require(FarListing(Self.listing)).services
    #expect(services.found.map(\.name) == ["chat", "shop"])
    #expect(services.found.map(\.owner) == [0, 1000])
    #expect(try Target.choose(.name("shop"), in: services).socketPath == "/run/user/1000/ctxtop/shop-0a1b2c.sock")
    #expect(throws: StoreError.self) { try Target.choose(.onlyOne, in: services) }
    #expect(throws: StoreError.self) { try Target.choose(.name("foreign"), in: services) }
  }

  @Test func rootMayLookAtAll() throws {
    let services = try #require(FarListing("0" + Self.listing.dropFirst(4))).services
    #expect(services.found.map(\.name) == ["chat", "foreign", "shop"])
  }

  @Test(arguments: ["", "x", "-1\n", "1000000000000000000000\n", "sh: id: not found\n"])
  func whatIsNoListingIsNone(_ text: String) { #expect(FarListing(text) == nil) }

  @Test func randomLinesAreSurvived() {
    var random = SystemRandomNumberGenerator()
    let alphabet = Array("ds-rwx 019/.sock?\n ".unicodeScalars)
    for _ in 0..<5_000 {
      var text = "0\n"
      for _ in 0..<200 { text.unicodeScalars.append(alphabet.randomElement(using: &random) ?? " ") }
      for service in FarListing(text)?.services.found ?? [] { #expect(Service.isName(service.stem)) }
    }
  }
}
