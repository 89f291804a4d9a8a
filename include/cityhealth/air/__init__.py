"""Air quality by HJ 633—2012: sub-indices, days and hours, and their derivation from what the gate accepted."""
