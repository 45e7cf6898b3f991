// A unit's record through scenarios: a script of events, and what a reader then sees. One letter is one
// context; small letters are app contexts, capitals request contexts.
//
//   (  )      a request begins, ends         +a  -a    a context is pushed, popped
//   =abC      the real stack is read         !         the innermost request marks what it leaves behind
//   =%a       the real stack is read, and the framework keeps `a` on purpose
//   *         the request runs on the app context on top, which it did not push

import CCtxtop
import CtxtopGuestTestKit
import CtxtopScoreboard
import CtxtopSnapshot
import Testing

@Suite("Unit record")
struct UnitRecordTests {
  /// A script and its outcome: the stack (`%a`: kept on purpose; `a!`: left behind; `a*2`: served two requests it did not belong to),
  /// the depths, and whether a request is open.
  struct Scenario: CustomTestStringConvertible, Sendable {
    let name: String
    let script: String
    let stack: String
    let depths: [Int]
    var isOpen = false
    var testDescription: String { name }
  }

  static let scenarios = [
    Scenario(name: "a healthy request", script: "( +a +R -R -a )", stack: "", depths: [0, 0]),
    Scenario(name: "in the middle of one", script: "( +a +R", stack: "a R", depths: [1, 1], isOpen: true),
    Scenario(name: "a context pushed by hand, outside", script: "+a ( +b +R -R -b )", stack: "a", depths: [1, 0]),
    Scenario(name: "S3: a context left by a request", script: "( +a +R -R =a ! )", stack: "a!", depths: [1, 0]),
    Scenario(
      name: "S3: later requests run on it", script: "( +a +R -R =a ! ) ( +R * -R =a ) ( +S * -S =a )", stack: "a!*2",
      depths: [1, 0]),
    Scenario(
      name: "S4: a request context left, and the app context below", script: "( +a +R =aR ! )", stack: "a! R!",
      depths: [1, 1]),
    Scenario(
      name: "S4: the next request pushes above it and marks only its own",
      script: "( +a +R =aR ! ) ( +b +S -S =aRb ! )",
      stack: "a! R! b!", depths: [2, 1]),
    Scenario(name: "marked once", script: "( +a =a ! ! )", stack: "a!", depths: [1, 0]),
    Scenario(name: "a stray pop of an empty stack", script: "-a -R", stack: "", depths: [0, 0]),
    Scenario(name: "a pop of what another unit pushed", script: "+a -b", stack: "a", depths: [1, 0]),
    Scenario(name: "pops out of order", script: "+a +b +c -b -a", stack: "c", depths: [1, 0]),
    Scenario(name: "the real stack has less", script: "+a +b +c =b", stack: "b", depths: [1, 0]),
    Scenario(name: "the real stack has more", script: "+b =abR", stack: "a b R", depths: [2, 1]),
    Scenario(name: "the real stack is another", script: "+a +b =cd", stack: "c d", depths: [2, 0]),
    Scenario(name: "the real stack is empty", script: "( +a +R = )", stack: "", depths: [0, 0]),
    Scenario(name: "deeper than the record", script: "+a +b +c +d +e +f +g +h", stack: "a b c d e f", depths: [8, 0]),
    Scenario(
      name: "and down again", script: "+a +b +c +d +e +f +g +h -h -g -f -e", stack: "a b c d", depths: [4, 0]),
    Scenario(
      name: "a real stack deeper than the record", script: "+b =abcdefgR", stack: "a b c d e f", depths: [7, 1]),
    Scenario(
      name: "a request within a request", script: "( +a +R ( +b +S", stack: "a R b S", depths: [2, 2], isOpen: true),
    Scenario(
      name: "the inner one ends, the outer one is open", script: "( +a +R ( +b +S -S -b )", stack: "a R",
      depths: [1, 1],
      isOpen: true),
    Scenario(name: "both end", script: "( +a ( +b -b ) -a )", stack: "", depths: [0, 0]),
    Scenario(
      name: "the inner request's leftovers are its own", script: "( +a ( +b ! ) -a )", stack: "b!", depths: [1, 0]),
    Scenario(
      name: "what is kept on purpose is not left behind", script: "( +a +R =%a%R ! )", stack: "%a %R", depths: [1, 1]),
    Scenario(
      name: "the next request pops what was kept", script: "( +a +R =%a%R ! ) ( -R -a +b +S -S -b = ! )", stack: "",
      depths: [0, 0]),
    Scenario(name: "kept no longer", script: "( +a =%a ! ) ( =a ! )", stack: "a", depths: [1, 0]),
    Scenario(name: "kept before it was met", script: "=b%a", stack: "b %a", depths: [2, 0]),
  ]

  @Test("Scenario", arguments: scenarios)
  func scenario(_ scenario: Scenario) throws {
    let memory = PrivateSlot()
    var player = try Player(memory)
    player.play(scenario.script)
    let unit = try #require(memory.read().units.first)
    #expect(player.picture(unit) == scenario.stack)
    #expect([unit.appDepth, unit.requestDepth] == scenario.depths)
    #expect((unit.request != nil) == scenario.isOpen)
    #expect(memory.read().unstable == 0)
  }

  @Test("Pushes beyond the record say so")
  func tooDeep() throws {
    let memory = PrivateSlot()
    let unit = UnitRecord(try #require(memory.slot.takeUnit(kind: 0, nativeID: 1, name: 0, at: 1)))
    let answers = (0..<8).map { unit.push(kind: 0, identity: UInt64($0 + 1), frame: 0, request: 0, at: 1) }
    #expect(answers == [true, true, true, true, true, true, false, false])
  }

  @Test("What was recorded of a context survives the real stack, and a context met there is new")
  func reconciled() throws {
    let memory = PrivateSlot()
    var player = try Player(memory)
    player.play("( +b")
    let before = try #require(memory.read().units.first?.contexts.first)
    player.play("=ab")
    let contexts = try #require(memory.read().units.first?.contexts)
    #expect(contexts[1] == before)
    #expect(contexts[0].request == 0 && contexts[0].label == nil && contexts[0].serial > before.serial)
  }

  @Test("The router's names reach the request and the contexts that it pushed, and no others")
  func named() throws {
    let memory = PrivateSlot()
    var player = try Player(memory)
    player.play("+a ( +b")
    player.unit.nameRequest(endpoint: memory.name("basket"), rule: memory.name("/basket"))
    let unit = try #require(memory.read().units.first)
    let label = RequestLabel(method: "GET", endpoint: "basket", rule: "/basket")
    #expect(unit.request?.label == label)
    #expect(unit.contexts.map(\.label) == [nil, label])
  }

  @Test("A request that another thread closed is closed, and stays so when later ones have come and gone")
  func closedElsewhere() throws {
    let memory = PrivateSlot()
    var player = try Player(memory)
    for _ in 0..<2 {
      player.play("(")
      player.unit.words.store(CTXTOP_UNIT_CLOSED_ELSEWHERE, player.open.removeLast().serial)
      #expect(memory.read().units[0].request == nil)
      player.play("( )")
      #expect(memory.read().units[0].request == nil)
    }
    player.play("( ) (")
    player.unit.words.store(CTXTOP_UNIT_CLOSED_ELSEWHERE, player.open.removeLast().serial)
    #expect(memory.read().units[0].request == nil)
  }

  @Test("An outer request that ends before its inner one is closed with it")
  func outOfOrder() throws {
    let memory = PrivateSlot()
    var player = try Player(memory)
    player.play("( (")
    let outer = player.open.removeFirst()
    player.unit.endRequest(outer.serial, at: 9, outer: outer.outer)
    player.play(")")
    #expect(memory.read().units[0].request == nil)
    player.play("( )")
    #expect(memory.read().units[0].request == nil)
  }

  @Test("The outermost open request is told while others run inside of it")
  func outermost() throws {
    let memory = PrivateSlot()
    var player = try Player(memory)
    player.play("(")
    let first = player.open[0].serial
    #expect(memory.read().units[0].outermostRequest == 0)
    player.play("( (")
    #expect(memory.read().units[0].outermostRequest == first)
    player.play(") ( )")
    let unit = memory.read().units[0]
    #expect(unit.outermostRequest == first && unit.request?.serial == player.open[1].serial)
    player.play(") )")
    #expect(memory.read().units[0].outermostRequest == 0)
    player.play("(")
    #expect(memory.read().units[0].outermostRequest == 0)
  }

  @Test("A serial number that is spent is on no stack and never comes again")
  func spent() throws {
    let memory = PrivateSlot()
    var player = try Player(memory)
    player.play("+a")
    let spent = player.unit.spendSerial()
    player.play("+b (")
    let unit = memory.read().units[0]
    #expect(unit.contexts.map(\.serial).filter { $0 >= spent } == [spent + 1] && player.open[0].serial == spent + 2)
  }

  @Test("Streaming is seen, and only that of the open request")
  func streaming() throws {
    let memory = PrivateSlot()
    var player = try Player(memory)
    player.play("(")
    player.unit.streamRequest(player.open[0].serial &+ 1)
    #expect(memory.read().units[0].request?.isStreaming == false)
    player.unit.streamRequest(player.open[0].serial)
    #expect(memory.read().units[0].request?.isStreaming == true)
  }
}

/// Plays a script on a unit.
private struct Player {
  let unit: UnitRecord
  var open: [(serial: UInt64, outer: UnitRecord.Outer)] = []
  private var now: UInt64 = 100

  init(_ memory: PrivateSlot) throws {
    unit = UnitRecord(try #require(memory.slot.takeUnit(kind: 0, nativeID: 1, name: 0, at: 1)))
  }

  mutating func play(_ script: String) {
    for event in script.split(separator: " ") { play(event) }
  }

  private mutating func play(_ event: Substring) {
    now += 1
    let contexts = event.dropFirst()
    switch event.first {
    case "(":
      var outer = UnitRecord.Outer()
      let serial = unit.beginRequest(at: now, label: Label(method: 1), outer: &outer)
      open.append((serial, outer))
    case ")":
      let request = open.removeLast()
      unit.endRequest(request.serial, at: now, outer: request.outer)
    case "+":
      _ = unit.push(kind: kind(contexts), identity: identity(contexts), frame: 0, request: unit.openRequest, at: now)
    case "-": unit.pop(kind: kind(contexts), identity: identity(contexts), at: now)
    case "=":
      stack(contexts).withUnsafeBufferPointer { unit.reconcile(with: $0, at: now) { _ in } }
    case "!": _ = unit.markLeft(by: open.last?.serial ?? 0, label: Label(method: 1), at: now)
    case "*": unit.reuse()
    default: Issue.record("unknown event \(event)")
    }
  }

  private func stack(_ contexts: Substring) -> [StackEntry] {
    var entries: [StackEntry] = []
    var flags: UInt32 = 0
    for letter in contexts {
      let context = Substring(String(letter))
      if context == "%" {
        flags = StackEntry.preserved
        continue
      }
      entries.append(StackEntry(kind: kind(context) | flags, identity: identity(context), frame: 0))
      flags = 0
    }
    return entries
  }

  private func kind(_ context: Substring) -> UInt32 { context.first?.isUppercase == true ? 1 : 0 }
  private func identity(_ context: Substring) -> UInt64 { UInt64(context.utf8.first ?? 0) }

  /// The stack as a scenario writes it. Identities are never shown to readers, so they come from the record.
  func picture(_ unit: Unit) -> String {
    unit.contexts.enumerated().map { index, context in
      let identity = self.unit.context(index).loadRelaxed(CTXTOP_CONTEXT_IDENTITY)
      let letter = String(UnicodeScalar(UInt8(truncatingIfNeeded: identity)))
      let kept = context.isPreserved ? "%" : ""
      return kept + letter + (context.left == nil ? "" : "!") + (context.served == 0 ? "" : "*\(context.served)")
    }.joined(separator: " ")
  }
}
