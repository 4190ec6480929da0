"""From structures with DFT labels to what DFT would say of others: expected stable counts with honest intervals.

May import ``protocol``, ``records``, ``store`` and ``run`` of ``leaderboard``.
"""
