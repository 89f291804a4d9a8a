"""From layers and scenes to item values: what is measured, how, and the step that does it after the gate."""
