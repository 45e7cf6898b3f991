// The service's numbers over the last ten minutes.

import CtxtopModel
import CtxtopScreen

extension State {
  /// The charts as text.
  var chartText: [Line] { [] }
}
