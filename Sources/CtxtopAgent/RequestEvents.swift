// Events of requests. Called on the server's own threads: no system call, no lock, no allocation.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
  import CtxtopSnapshot
#endif

/// An open request in the hands of whoever began it; plain memory, to be kept until the request ends.
package struct RequestToken {
  fileprivate var attachment: UInt64 = 0
  fileprivate var unit: UnsafeMutableRawPointer?
  fileprivate var started: UInt64 = 0
  fileprivate var outer = UnitRecord.Outer()
  /// Whose code ran when this request's began or went on, and whose code had made that.
  fileprivate var outerRunning: UInt64 = 0
  fileprivate var outerAround: UInt64 = 0
  /// Serial number of the request; 0: its unit has no record.
  package fileprivate(set) var serial: UInt64 = 0
  package init() {}

  /// Whether the request was begun at all.
  package var isOpen: Bool { attachment != 0 }

  /// Takes over another's request. Field by field: the whole would be copied byte by byte in code that is small.
  @inline(__always)
  package mutating func take(_ other: inout RequestToken) {
    attachment = other.attachment
    unit = other.unit
    started = other.started
    outer.request = other.outer.request
    outer.started = other.outer.started
    outer.label = other.outer.label
    outer.phase = other.outer.phase
    outerRunning = other.outerRunning
    outerAround = other.outerAround
    serial = other.serial
    other.attachment = 0
  }
}

extension Agent {
  /// A request begins on this thread. `method` is a number of `Method`.
  @inline(__always)
  package static func beginRequest(method: UInt8) -> RequestToken {
    var token = RequestToken()
    guard let thread = thread() else { return token }
    if thread.pointee.unit == nil { takeUnit(thread) }
    let now = Clock.monotonic()
    token.attachment = thread.pointee.attachment
    token.started = now
    count(thread, CTXTOP_LANE_REQUESTS)
    if let unit = unit(thread) {
      token.serial = unit.beginRequest(at: now, label: Label(method: method), outer: &token.outer)
      token.unit = unit.words.base
      enter(&token, thread)
    }
    return token
  }

  @inline(__always)
  private static func enter(_ token: inout RequestToken, _ thread: UnsafeMutablePointer<ctxtop_thread>) {
    token.outerRunning = thread.pointee.running
    token.outerAround = thread.pointee.around
    thread.pointee.around = token.outerRunning
    thread.pointee.running = token.serial
  }

  @inline(__always)
  private static func leave(_ token: RequestToken, _ thread: UnsafeMutablePointer<ctxtop_thread>) {
    guard thread.pointee.running == token.serial else { return }
    thread.pointee.running = token.outerRunning
    thread.pointee.around = token.outerAround
  }

  /// The application has returned, or one step of its response has. Until the next, the response lies in the hands
  /// of a server, which pushes nothing - or of a test, which may push what it likes: that is not the request's.
  @inline(__always)
  package static func pauseRequest(_ token: RequestToken) { pauseRequest(token, on: unit(of: token)) }

  /// The same on the unit that took the request up, which has been running all the time.
  @inline(__always)
  package static func pauseRequest(_ token: RequestToken, on unit: UnsafeMutablePointer<ctxtop_thread>?) {
    guard let unit, unit.pointee.attachment == token.attachment, unit.pointee.unit == token.unit else { return }
    leave(token, unit)
  }

  /// The application takes a request up again: a step of its response, or closing it. Returns the unit that does; nil:
  /// it is not the request's.
  @inline(__always)
  @discardableResult
  package static func resumeRequest(_ token: inout RequestToken) -> UnsafeMutablePointer<ctxtop_thread>? {
    guard let unit = unit(of: token) else { return nil }
    enter(&token, unit)
    return unit
  }

  /// The router has found the endpoint and rule of this thread's open request, as names.
  @inline(__always)
  package static func nameRequest(endpoint: UInt32, rule: UInt32) {
    guard let thread = thread() else { return }
    nameRequest(endpoint: endpoint, rule: rule, on: thread)
  }

  /// The same on the calling unit.
  @inline(__always)
  static func nameRequest(endpoint: UInt32, rule: UInt32, on thread: UnsafeMutablePointer<ctxtop_thread>) {
    unit(thread)?.nameRequest(endpoint: endpoint, rule: rule)
  }

  /// The application has returned its response; the server iterates over it.
  @inline(__always)
  package static func streamRequest(_ token: RequestToken) {
    guard isCurrent(token), let unit = token.unit else { return }
    UnitRecord(Words(unit)).streamRequest(token.serial)
  }

  /// The response is closed, or the request left the application by an exception. Ends a request once.
  @inline(__always)
  package static func endRequest(_ token: inout RequestToken, raised: Bool) {
    defer { token.attachment = 0 }
    guard token.attachment != 0, let thread = thread(), thread.pointee.attachment == token.attachment,
      let slot = slotInUse
    else { return }
    let now = Clock.monotonic()
    count(thread, CTXTOP_LANE_REQUESTS_ENDED)
    if raised { count(thread, CTXTOP_LANE_EXCEPTIONS) }
    raise(thread, CTXTOP_LANE_LAST_EVENT, to: now)
    let latency = now &- token.started
    slot.control.add(CTXTOP_SLOT_LATENCY &+ LatencyHistogram.bucket(of: latency))
    if slot.control.loadRelaxed(CTXTOP_SLOT_LATENCY_LONGEST) < latency {
      slot.control.raise(CTXTOP_SLOT_LATENCY_LONGEST, to: latency)
    }
    guard let unit = token.unit else { return }
    if unit == thread.pointee.unit {
      leave(token, thread)
      UnitRecord(Words(unit)).endRequest(token.serial, at: now, outer: token.outer)
    } else {
      // Another thread closes the response (a garbage collector, say): only a word that anybody may write.
      Words(unit).store(CTXTOP_UNIT_CLOSED_ELSEWHERE, token.serial)
    }
  }

  /// Whether the token belongs to this thread's unit under the present attachment.
  @inline(__always)
  package static func isCurrent(_ token: RequestToken) -> Bool { unit(of: token) != nil }

  /// The calling unit, if the token belongs to it under the present attachment.
  @inline(__always)
  static func unit(of token: RequestToken) -> UnsafeMutablePointer<ctxtop_thread>? {
    guard token.attachment != 0, let thread = thread(), thread.pointee.attachment == token.attachment,
      token.unit == thread.pointee.unit
    else { return nil }
    return thread
  }

  /// The label of this thread's open request, as a word; 0: none.
  package static var openLabel: UInt64 {
    guard let thread = thread(), let unit = unit(thread), unit.openRequest != 0 else { return 0 }
    return unit.label.word
  }
}
