"""From the settings and the texts to what Amazon's tools take: manage.py skill_package."""
