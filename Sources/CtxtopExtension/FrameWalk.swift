// The first frame of the application's own code, asked for at every checkout and every push of the application's
// own: a walk from the innermost frame outwards. Python says once for each code object whether it is a library's,
// and once for each place in the application's own code how that place is named.
//
// What must hold: the answer is that of `_frames.first`. A code object is known by its address only while a weak
// reference says that it is still this one; a place only under the serial number that its code got, which no
// other code ever gets. Both tables have a fixed size; what falls out of them is asked for again. Needs the GIL.

import CCtxtop
@preconcurrency import CPython

enum FrameWalk {
  private struct Known {
    var code: Object?
    var watch: Object?
    /// 0: a library's.
    var serial: UInt32
  }

  private typealias Place = (key: UInt64, name: UInt32)
  private static let size = 1024  // a power of two, as the next one
  private static let placeSize = 512
  private static let probes = 4
  nonisolated(unsafe) private static var known: UnsafeMutablePointer<Known>?
  nonisolated(unsafe) private static var places: UnsafeMutablePointer<Place>?
  nonisolated(unsafe) private static var serials: UInt32 = 0
  /// Names belong to an attachment.
  nonisolated(unsafe) private static var attachment: UInt64 = 0
  /// Where the framework takes a request over from its server: nothing below is looked at.
  nonisolated(unsafe) private static var entry: Object?
  nonisolated(unsafe) private static var back: ctxtop_frame_back?
  nonisolated(unsafe) private static var lastInstruction: ctxtop_frame_lasti?

  static func prepare() {
    if let symbol = dlsym(nil, "PyFrame_GetBack") { back = unsafeBitCast(symbol, to: ctxtop_frame_back.self) }
    if let symbol = dlsym(nil, "PyFrame_GetLasti") {
      lastInstruction = unsafeBitCast(symbol, to: ctxtop_frame_lasti.self)
    }
    known = zeroed(size)
    places = zeroed(placeSize)
  }

  /// Memory that costs nothing until it is used.
  private static func zeroed<Element>(_ count: Int) -> UnsafeMutablePointer<Element>? {
    calloc(count, MemoryLayout<Element>.stride)?.assumingMemoryBound(to: Element.self)
  }

  /// What is the application's own is answered anew from now on, and `entry` is where a request begins.
  fileprivate static func begin(_ newEntry: Object?) {
    let old = entry
    entry = newEntry
    Py_IncRef(newEntry)
    Py_DecRef(old)
    for index in 0..<size {
      let watch = known?[index].watch
      known?[index] = Known(code: nil, watch: nil, serial: 0)
      Py_DecRef(watch)
    }
  }

  /// Name of the innermost frame of the application's own code, in a request only of what the framework called; 0:
  /// there is none.
  static func first() -> UInt32 {
    guard let back, var frame = PyEval_GetFrame() else { return 0 }
    Py_IncRef(frame)
    while true {
      let code = PyFrame_GetCode(frame)
      let name = code == entry ? 0 : name(of: frame, code)
      Py_DecRef(code)
      let outer = name == nil ? back(frame) : nil
      Py_DecRef(frame)
      guard let outer else { return name ?? 0 }
      frame = outer
    }
  }

  /// Name of a frame of the application's; nil: a library's. 0: not known, and whatever is below would be wrong.
  @inline(__always)
  private static func name(of frame: Object, _ code: Object?) -> UInt32? {
    guard let index = find(code) else { return ask(frame, code) }
    let serial = known![index].serial
    if serial == 0 { return nil }
    let place = key(serial, frame)
    let cached = places![slot(of: place)]
    if cached.key == place, attachment == Agent.attachment { return cached.name }
    return ask(frame, code)
  }

  /// Where a code object is known.
  @inline(__always)
  private static func find(_ code: Object?) -> Int? {
    guard let known else { return nil }
    let home = home(of: code)
    for probe in 0..<probes {
      let index = (home &+ probe) & (size &- 1)
      if known[index].code == code, let watch = known[index].watch, PyWeakref_GetObject(watch) == code { return index }
    }
    return nil
  }

  private static func home(_ bits: UInt64) -> Int { Int(truncatingIfNeeded: (bits &* 0x9e37_79b9_7f4a_7c15) &>> 48) }
  private static func home(of code: Object?) -> Int { home(UInt64(UInt(bitPattern: code))) }
  private static func slot(of place: UInt64) -> Int { home(place) & (placeSize &- 1) }

  /// A place in a code object: its instruction, or its line where versions do not tell the instruction.
  @inline(__always)
  private static func key(_ serial: UInt32, _ frame: Object) -> UInt64 {
    Words.pack(UInt32(bitPattern: lastInstruction.map { $0(frame) } ?? PyFrame_GetLineNumber(frame)), serial)
  }

  /// Asks Python, and remembers the answer.
  @inline(never)
  private static func ask(_ frame: Object, _ code: Object?) -> UInt32? {
    let line = PyLong_FromLongLong(Int64(PyFrame_GetLineNumber(frame)))
    let text = HookCalls.frame(code, line)
    defer {
      Py_DecRef(line)
      Py_DecRef(text)
    }
    if text == Python.none {
      _ = remember(code, isLibrary: true)
      return nil
    }
    let name = Python.name(text)
    guard name != 0, let places, let serial = remember(code, isLibrary: false) else { return name }
    forgetPlaces()
    let place = key(serial, frame)
    places[slot(of: place)] = (place, name)
    return name
  }

  /// Remembers a code object. Returns its serial number; nil: it cannot be remembered.
  private static func remember(_ code: Object?, isLibrary: Bool) -> UInt32? {
    if let index = find(code) { return known?[index].serial }
    guard let known, serials < .max else { return nil }
    guard let watch = PyWeakref_NewRef(code, nil) else {
      PyErr_Clear()
      return nil
    }
    serials &+= 1
    let home = home(of: code)
    var index = (home &+ Int(serials & 3)) & (size &- 1)
    for probe in 0..<probes where known[(home &+ probe) & (size &- 1)].watch == nil {
      index = (home &+ probe) & (size &- 1)
    }
    let old = known[index].watch
    known[index] = Known(code: code, watch: watch, serial: isLibrary ? 0 : serials)
    Py_DecRef(old)
    return known[index].serial
  }

  private static func forgetPlaces() {
    if attachment == Agent.attachment { return }
    for index in 0..<placeSize { places?[index] = (0, 0) }
    attachment = Agent.attachment
  }
}

/// own_frames(entry): what is the application's own, or `entry`, has changed
let moduleOwnFrames: FastFunction = { _, arguments, count in
  guard let arguments, count == 1 else { return Python.typeError("own_frames(entry)") }
  FrameWalk.begin(arguments[0])
  return Python.newNone()
}
