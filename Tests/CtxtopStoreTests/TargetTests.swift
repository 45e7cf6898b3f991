// Which directories are trusted, which services are in them, and what a word on the command line means.

import CtxtopSnapshot
import CtxtopStore
import Glibc
import Testing

/// A symbolic link.
func link(to target: String, at path: String) throws { try #require(symlink(target, path) == 0) }

@Suite struct MissingTargetTests {
  @Test(arguments: [
    ("shop", true), ("/run/ctxtop/shop.sock", true), ("shop.sock", true), ("/", true), ("/nowhere/shop", false),
    ("shop.ctxtop", false), ("./shop.v2.segment", false), ("x.json", false), ("ssh://h/shop", false),
  ])
  func onlyAnAppMayComeLater(_ text: String, _ may: Bool) throws {
    #expect(try Target(text).mayComeLater == may)
  }
}

@Suite struct RuntimeDirectoriesTests {
  /// A user that owns nothing.
  static let nobody: UInt32 = 54_321

  private func finding(_ path: String, user: UInt32 = System.userID()) -> DirectoryReport.Finding? {
    RuntimeDirectories(user: user, candidates: [path]).search().first?.finding
  }

  @Test func ownDirectoryIsUsed() throws {
    let directory = try TemporaryDirectory()
    #expect(finding(directory.path) == .usable(owner: System.userID()))
    #expect(finding(directory.path + "/none") == .absent)
  }

  @Test func aLinkIsRefused() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/link"
    try link(to: directory.path, at: path)
    #expect(finding(path) == .refused(.symbolicLink))
  }

  @Test func aFileIsRefused() throws {
    let directory = try TemporaryDirectory()
    #expect(finding(try directory.file("file")) == .refused(.notADirectory))
  }

  @Test func aDirectoryThatOthersCanWriteToIsRefused() throws {
    let directory = try TemporaryDirectory()
    try #require(chmod(directory.path, 0o770) == 0)
    #expect(finding(directory.path) == .refused(.writableByOthers(mode: 0o770)))
  }

  @Test func aStrangersDirectoryIsRefusedExceptForRoot() throws {
    let directory = try TemporaryDirectory()
    // Only root can give a directory away; anybody else is the stranger himself.
    let owner: UInt32 = System.userID() == 0 ? 4_242 : System.userID()
    try #require(chown(directory.path, owner, .max) == 0)
    #expect(finding(directory.path, user: Self.nobody) == .refused(.foreignOwner(owner)))
    #expect(finding(directory.path, user: 0) == .usable(owner: owner))
  }

  @Test func oneDirectoryUnderTwoNamesIsSearchedOnce() throws {
    let directory = try TemporaryDirectory()
    let twice = RuntimeDirectories(user: System.userID(), candidates: [directory.path, directory.path + "/."])
    #expect(twice.search().map(\.path) == [directory.path])
  }

  @Test func trustInPeers() {
    let endpoint = Endpoint(name: "shop", socketPath: "/s", segmentPath: nil, user: 1000)
    #expect(endpoint.trusts(1000) && endpoint.trusts(0) && !endpoint.trusts(1001))
    let explicit = Endpoint(name: "shop", socketPath: "/s", segmentPath: nil, user: 1000, trustedOwner: 1001)
    #expect(explicit.trusts(1001) && !explicit.trusts(1002) && explicit.foreignOwner == 1001)
  }
}

@Suite struct TargetTests {
  let directory: TemporaryDirectory
  var places: RuntimeDirectories { RuntimeDirectories(user: System.userID(), candidates: [directory.path]) }

  init() throws { directory = try TemporaryDirectory() }

  private func resolve(_ argument: String?) throws -> Endpoint { try Target(argument).resolve(in: places) }

  @Test func theHashIsShownOnlyWhereItIsNeeded() throws {
    for stem in ["shop-0a1b2c", "chat-000001", "chat-000002", "plain", "my.app-1_x"] {
      _ = try directory.file(stem + ".v2.segment")
    }
    _ = try directory.file("shop-0a1b2c.v2.lock")
    _ = try directory.file("not a service.v2.segment")
    let services = Services.find(in: places).found
    #expect(services.map(\.name) == ["chat-000001", "chat-000002", "my.app-1_x", "plain", "shop"])
    #expect(try resolve("shop").segmentPath == directory.path + "/shop-0a1b2c.v2.segment")
    #expect(try resolve("shop-0a1b2c").name == "shop")
    #expect(throws: StoreError.severalServices(["chat-000001", "chat-000002"])) { try resolve("chat") }
  }

  @Test func nothingNamedMeansTheOnlyOneThatRuns() throws {
    #expect(throws: StoreError.nothingFound(searched: places.search())) { try resolve(nil) }
    _ = try directory.file("shop.v2.segment")
    #expect(try resolve(nil).name == "shop")
    _ = try directory.file("chat.v2.segment")
    #expect(throws: StoreError.severalServices(["chat", "shop"])) { try resolve(nil) }
    let server = try TestServer(directory.path + "/chat.sock") { _ in }
    defer { server.stop() }
    #expect(try resolve(nil).name == "chat")
  }

  @Test func anUnknownNameTellsWhatIsThere() throws {
    _ = try directory.file("chat.v2.segment")
    #expect(throws: StoreError.unknownName("shop", known: ["chat"], searched: places.search())) { try resolve("shop") }
  }

  @Test func pathsLeadToSocketsSegmentsAndDirectories() throws {
    let segment = try directory.file("shop.v2.segment")
    let server = try TestServer(directory.path + "/shop.sock") { _ in }
    defer { server.stop() }
    let bySocket = try resolve(server.path)
    #expect(bySocket.socketPath == server.path && bySocket.segmentPath == segment && bySocket.name == "shop")
    let bySegment = try resolve(segment)
    #expect(bySegment.socketPath == nil && bySegment.segmentPath == segment)
    #expect(try resolve(directory.path + "/").socketPath == directory.path + "//shop.sock")
    #expect(throws: StoreError.notATarget("/dev/null")) { try resolve("/dev/null") }
    let missing = "/no/such/file"
    #expect(throws: StoreError.system(SystemError("stat", ENOENT), path: missing)) { try resolve(missing) }
    #expect(throws: StoreError.unsupportedTarget("https://host/shop")) { try resolve("https://host/shop") }
  }

  @Test func aSegmentOfAnotherVersionIsFound() throws {
    _ = try directory.file("shop.v7.segment")
    let service = try #require(Services.find(in: places).found.first)
    #expect(service.segmentVersions == [7] && !service.hasSegment)
    #expect(try resolve("shop").segmentPath == directory.path + "/shop.v7.segment")
  }

  @Test func aLinkInADirectoryIsNoService() throws {
    try link(to: "/etc/passwd", at: directory.path + "/shop.v2.segment")
    #expect(Services.find(in: places).found.isEmpty)
  }
}

@Suite struct PlaceTests {
  let directory: TemporaryDirectory
  var places: RuntimeDirectories { RuntimeDirectories(user: System.userID(), candidates: [directory.path]) }

  init() throws { directory = try TemporaryDirectory() }

  private func locate(_ argument: String) throws -> Place { try Target(argument).locate(in: places) }

  @Test func aFileIsWhatItBeginsWith() throws {
    let segment = try directory.file("saved", "CCTXTOP1 and the rest")
    #expect(try locate(segment) == .live(try Target(segment).resolve(in: places)))
    for text in ["{}", " \n\t\r {\"schema\":1}", "{\"a\":1}\n{\"a\":2}\n"] {
      let path = try directory.file("seen", text)
      #expect(try locate(path) == .document(path: path))
    }
  }

  @Test func whatIsNoTargetSaysWhatItIs() throws {
    let contents: [(String, FileContent)] = [
      ("", .empty), ("[]", .other), (" \n", .other), ("CCTXTOP", .other), ("\u{FEFF}{}", .other),
      (String(repeating: " ", count: 5000) + "{}", .other), ("BZh91AY", .compressed(by: "bzip2")),
      ("PK\u{3}\u{4}", .compressed(by: "zip")),
    ]
    for (text, content) in contents {
      let path = try directory.file("seen", text)
      #expect(throws: StoreError.unknownFile(path: path, content)) { try locate(path) }
    }
  }

  @Test func aSegmentByNameIsRefusedAsOne() throws {
    let path = try directory.file("shop.v2.segment", "")
    #expect(try locate(path) == .live(try Target(path).resolve(in: places)))
  }

  @Test func anAppIsNoFile() throws {
    let server = try TestServer(directory.path + "/shop.sock") { _ in }
    defer { server.stop() }
    for argument in ["shop", server.path, directory.path] {
      #expect(try locate(argument) == .live(try Target(argument).resolve(in: places)))
    }
  }
}
